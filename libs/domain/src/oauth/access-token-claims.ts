import type { EpochSeconds } from '../kernel/index.js';
import { formatScope, type Scope } from './scope.js';
import type { Actor } from './token-exchange.js';

/**
 * The claims of a JWT access token. `sub` is the user, or the client with a token of its own.
 * @see RFC 9068 2.2
 */
export function accessTokenClaims(token: {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: readonly string[];
  readonly clientId: string;
  readonly scope: Scope;
  readonly id: string;
  readonly now: EpochSeconds;
  readonly expiresAt: EpochSeconds;
  readonly authTime?: EpochSeconds | undefined;
  readonly acr?: string | undefined;
  readonly amr?: readonly string[] | undefined;
  /** Thumbprint of the key to which it is bound (RFC 9449 6.1). */
  readonly dpopJkt?: string | undefined;
  /** Actor of a delegation (RFC 8693 4.1). */
  readonly act?: Actor | undefined;
}): Record<string, unknown> {
  const [first, ...rest] = token.audience;
  return {
    iss: token.issuer,
    sub: token.subject,
    // RFC 7519 4.1.3: a single audience may be a string, which all libraries support.
    aud: rest.length === 0 ? first : token.audience,
    client_id: token.clientId,
    ...(token.scope.length === 0 ? {} : { scope: formatScope(token.scope) }),
    jti: token.id,
    iat: token.now,
    exp: token.expiresAt,
    ...(token.authTime === undefined ? {} : { auth_time: token.authTime }),
    ...(token.acr === undefined ? {} : { acr: token.acr }),
    ...(token.amr === undefined ? {} : { amr: token.amr }),
    ...(token.dpopJkt === undefined ? {} : { cnf: { jkt: token.dpopJkt } }),
    ...(token.act === undefined ? {} : { act: token.act }),
  };
}
