import { epochSeconds, type EpochSeconds, type Selector } from '@gatehouse/domain/kernel';
import type { ClaimsRequest, Scope } from '@gatehouse/domain/oauth';

/** One completed authorization; its code and tokens are valid only while it is active. */
export interface Grant {
  readonly selector: Selector;
  readonly clientId: string;
  readonly userId: string;
  readonly sessionId: string | undefined;
  readonly scope: Scope;
  /** Identifiers of the allowed APIs (RFC 8707); empty: only this server's own endpoints. */
  readonly resources: readonly string[];
  readonly offline: boolean;
  /** When the user logged in; undefined if another issuer did not provide it. */
  readonly authTime: EpochSeconds | undefined;
  readonly amr: readonly string[];
  readonly acr: string | undefined;
  /** The claims requested besides the scope. */
  readonly claims: ClaimsRequest | undefined;
  readonly createdAt: EpochSeconds;
  readonly lastUsedAt: EpochSeconds;
  readonly expiresAt: EpochSeconds;
}

/** Stored if the time of the login is unknown, because the column is not nullable. */
export const unknownAuthTime = 0;

export function authTimeOf(stored: number): EpochSeconds | undefined {
  return stored === unknownAuthTime ? undefined : epochSeconds(stored);
}
