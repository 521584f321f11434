import type { EpochSeconds } from '../kernel/index.js';
import { formatScope, type Scope } from './scope.js';
import type { Actor } from './token-exchange.js';

/** The JSON body of a token response (RFC 6749 5.1, OpenID Connect Core 3.1.3.3). */
export function tokenResponse(tokens: {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  readonly scope: Scope;
  readonly refreshToken?: string | undefined;
  readonly idToken?: string | undefined;
  /** Thumbprint of the key to which the access token is bound. */
  readonly dpopJkt?: string | undefined;
  /** RFC 8693 2.2.1 */
  readonly issuedTokenType?: string | undefined;
}): Record<string, string | number> {
  return {
    access_token: tokens.accessToken,
    ...(tokens.issuedTokenType === undefined ? {} : { issued_token_type: tokens.issuedTokenType }),
    // RFC 9449 5
    token_type: tokens.dpopJkt === undefined ? 'Bearer' : 'DPoP',
    expires_in: tokens.expiresInSeconds,
    ...scopeMember(tokens.scope),
    ...(tokens.refreshToken === undefined ? {} : { refresh_token: tokens.refreshToken }),
    ...(tokens.idToken === undefined ? {} : { id_token: tokens.idToken }),
  };
}

/** The JSON body of an introspection response (RFC 7662 2.2); only `active: false` for undefined. */
export function introspectionResponse(
  token:
    | {
        readonly issuer: string;
        readonly clientId: string;
        readonly scope: Scope;
        readonly subject?: string | undefined;
        readonly username?: string | undefined;
        readonly issuedAt: EpochSeconds;
        readonly expiresAt: EpochSeconds;
        /** Identifiers of the APIs that it is for; none: this server. */
        readonly audience?: readonly string[] | undefined;
        readonly tokenType?: 'Bearer' | 'DPoP' | undefined;
        /** Thumbprint of the key to which it is bound (RFC 9449 6.2). */
        readonly dpopJkt?: string | undefined;
        /** How and when the user signed in (RFC 9470 6.2). */
        readonly acr?: string | undefined;
        readonly authTime?: EpochSeconds | undefined;
        /** Actor of a delegation (RFC 8693 4.1). */
        readonly act?: Actor | undefined;
      }
    | undefined,
): Record<string, unknown> {
  if (!token) return { active: false };
  return {
    active: true,
    iss: token.issuer,
    client_id: token.clientId,
    ...scopeMember(token.scope),
    ...(token.subject === undefined ? {} : { sub: token.subject }),
    ...(token.username === undefined ? {} : { username: token.username }),
    ...(token.tokenType === undefined ? {} : { token_type: token.tokenType }),
    ...audienceMember(token.audience),
    ...(token.dpopJkt === undefined ? {} : { cnf: { jkt: token.dpopJkt } }),
    ...(token.acr === undefined ? {} : { acr: token.acr }),
    ...(token.authTime === undefined ? {} : { auth_time: token.authTime }),
    ...(token.act === undefined ? {} : { act: token.act }),
    iat: token.issuedAt,
    exp: token.expiresAt,
  };
}

/** RFC 7662 2.2, RFC 7519 4.1.3 */
function audienceMember(audience: readonly string[] | undefined): { aud?: string | readonly string[] } {
  const [first, ...rest] = audience ?? [];
  if (first === undefined) return {};
  return { aud: rest.length === 0 ? first : (audience ?? []) };
}

/** RFC 6749 3.3: a scope has at least one token, so an empty one is omitted. */
function scopeMember(scope: Scope): { scope?: string } {
  return scope.length === 0 ? {} : { scope: formatScope(scope) };
}
