import type { EpochSeconds, Selector } from '../kernel/index.js';
import type { ClaimsRequest } from './claims-parameter.js';
import type { Client } from './client.js';
import type { Scope } from './scope.js';
import type { Actor } from './token-exchange.js';

/** What a grant type proved; the token endpoint issues by it. */
export interface AuthorizedGrant {
  readonly clientId: string;
  /** The resource owner; undefined where the client acts for itself. */
  readonly userId: string | undefined;
  /** The grant that the tokens hang on; undefined where the client acts for itself. */
  readonly grant: Selector | undefined;
  readonly scope: Scope;
  /** What a refresh token may ask for, where that is more than this answer's scope (RFC 6749 6: narrowing is for one answer). */
  readonly refreshScope?: Scope | undefined;
  /** Identifiers of the APIs that the access token is for (RFC 8707); none: this server's own endpoints. */
  readonly resources?: readonly string[] | undefined;
  /** Thumbprint of the key that the access token is bound to (RFC 9449); undefined: whoever bears it may use it. */
  readonly dpopJkt?: string | undefined;
  /** The access token ends then at the latest. */
  readonly notAfter?: EpochSeconds | undefined;
  /** Who acts for the person (RFC 8693 4.1). */
  readonly act?: Actor | undefined;
  /** What the answer says it gives (RFC 8693 2.2.1); undefined: it does not say. */
  readonly issuedTokenType?: string | undefined;
  /** Whether the grant type may end in a refresh token at all; the client and the scope must allow it too. */
  readonly mayRefresh: boolean;
  /** When the grant was made: a refresh token's absolute lifetime counts from then. */
  readonly grantedAt?: EpochSeconds | undefined;
  /** The refresh token that stays valid and is returned again; undefined: a new one is issued, where one may be. */
  readonly keptRefreshToken?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly authTime?: EpochSeconds | undefined;
  readonly nonce?: string | undefined;
  readonly amr?: readonly string[] | undefined;
  readonly acr?: string | undefined;
  /** What the authorization request asked for beside the scope (OpenID Connect Core 5.5). */
  readonly claims?: ClaimsRequest | undefined;
}

/** A refresh token needs the grant type, and in an OpenID request `offline_access` (OpenID Connect Core 11). */
export function refreshAllowed(client: Pick<Client, 'grantTypes'>, scope: Scope): boolean {
  return client.grantTypes.includes('refresh_token') && (!scope.includes('openid') || scope.includes('offline_access'));
}
