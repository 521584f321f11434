import { epochSeconds, type EpochSeconds, type Selector } from '@gatehouse/domain/kernel';
import type { ClaimsRequest, Scope } from '@gatehouse/domain/oauth';

/** One completed authorization; its code and tokens live only while it lives. */
export interface Grant {
  readonly selector: Selector;
  readonly clientId: string;
  readonly userId: string;
  readonly sessionId: string | undefined;
  readonly scope: Scope;
  /** Identifiers of the APIs that were allowed (RFC 8707); empty: this server's own endpoints. */
  readonly resources: readonly string[];
  readonly offline: boolean;
  /** When the person logged in; undefined where another issuer did not say so. */
  readonly authTime: EpochSeconds | undefined;
  readonly amr: readonly string[];
  readonly acr: string | undefined;
  /** What the request asked for beside the scope. */
  readonly claims: ClaimsRequest | undefined;
  readonly createdAt: EpochSeconds;
  readonly lastUsedAt: EpochSeconds;
  readonly expiresAt: EpochSeconds;
}

/** What is stored of a login of which nothing is known: the column cannot be null. */
export const unknownAuthTime = 0;

export function authTimeOf(stored: number): EpochSeconds | undefined {
  return stored === unknownAuthTime ? undefined : epochSeconds(stored);
}
