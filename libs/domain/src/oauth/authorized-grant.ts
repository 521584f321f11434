import type { EpochSeconds, Selector } from '../kernel/index.js';
import type { ClaimsRequest } from './claims-parameter.js';
import type { Client } from './client.js';
import type { Scope } from './scope.js';
import type { Actor } from './token-exchange.js';

/** What a grant type has validated; the token endpoint issues tokens for it. */
export interface AuthorizedGrant {
  readonly clientId: string;
  /** The resource owner; undefined for a client with a token of its own. */
  readonly userId: string | undefined;
  /** The grant of the tokens; undefined for a client with a token of its own. */
  readonly grant: Selector | undefined;
  readonly scope: Scope;
  /** The scope of a refresh token, if wider than that of this response (RFC 6749 6: narrowing applies to one response). */
  readonly refreshScope?: Scope | undefined;
  /** Identifiers of the APIs that the access token is for (RFC 8707); none: this server's own endpoints. */
  readonly resources?: readonly string[] | undefined;
  /** Thumbprint of the key to which the access token is bound (RFC 9449); undefined: a bearer token. */
  readonly dpopJkt?: string | undefined;
  /** Latest expiry of the access token. */
  readonly notAfter?: EpochSeconds | undefined;
  /** Actor of a delegation (RFC 8693 4.1). */
  readonly act?: Actor | undefined;
  /** `issued_token_type` of the response (RFC 8693 2.2.1); omitted if undefined. */
  readonly issuedTokenType?: string | undefined;
  /** Whether the grant type can issue a refresh token at all; the client and the scope must allow it too. */
  readonly mayRefresh: boolean;
  /** When the grant was created: the absolute lifetime of a refresh token starts there. */
  readonly grantedAt?: EpochSeconds | undefined;
  /** The refresh token that stays valid and is returned again; undefined: a new one is issued if allowed. */
  readonly keptRefreshToken?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly authTime?: EpochSeconds | undefined;
  readonly nonce?: string | undefined;
  readonly amr?: readonly string[] | undefined;
  readonly acr?: string | undefined;
  /** The `claims` parameter of the authorization request (OpenID Connect Core 5.5). */
  readonly claims?: ClaimsRequest | undefined;
}

/** A refresh token requires the grant type, and in an OpenID request `offline_access` (OpenID Connect Core 11). */
export function refreshAllowed(client: Pick<Client, 'grantTypes'>, scope: Scope): boolean {
  return client.grantTypes.includes('refresh_token') && (!scope.includes('openid') || scope.includes('offline_access'));
}
