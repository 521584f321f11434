import type { EpochSeconds } from '../kernel/index.js';

/** The member of `events` that makes a JWT a logout token (Back-Channel Logout 1.0, 2.4). */
export const backchannelLogoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

/** The `typ` header of logout tokens (2.4). */
export const logoutTokenType = 'logout+jwt';

/** Back-Channel Logout 1.0, 2.4: at most two minutes, so that a captured token soon expires. */
const lifetimeSeconds = 120;
const skewSeconds = 60;

/**
 * The claims of a logout token. It has no nonce, so that it cannot be used as an ID token.
 * @param token `id`: the `jti`, new for each attempt
 * @see OpenID Connect Back-Channel Logout 1.0, 2.4
 */
export function logoutTokenClaims(token: {
  readonly issuer: string;
  readonly subject: string;
  readonly clientId: string;
  readonly sessionId: string;
  readonly id: string;
  readonly now: EpochSeconds;
}): Record<string, unknown> {
  return {
    iss: token.issuer,
    sub: token.subject,
    aud: token.clientId,
    iat: token.now,
    exp: token.now + lifetimeSeconds,
    jti: token.id,
    events: { [backchannelLogoutEvent]: {} },
    sid: token.sessionId,
  };
}

/** The content of a logout token: ends the user's sessions with this client, or the one with this `sid`. */
export interface LogoutNotice {
  readonly subject: string | undefined;
  readonly sessionId: string | undefined;
  /** Its `jti`, to be stored until `expiresAt`: it is accepted only once. */
  readonly id: string;
  readonly expiresAt: EpochSeconds;
}

/**
 * Validates the claims of a logout token whose signature is verified.
 * @param token.header its JOSE header
 * @returns its content; undefined when it is not a logout token, or not valid for this client now
 * @see OpenID Connect Back-Channel Logout 1.0, 2.6
 */
export function readLogoutToken(
  token: {
    readonly header: Readonly<Record<string, unknown>>;
    readonly claims: Readonly<Record<string, unknown>>;
  },
  expected: { readonly issuer: string; readonly clientId: string; readonly now: EpochSeconds },
): LogoutNotice | undefined {
  const { iss, aud, iat, exp, jti, events, sub, sid, nonce } = token.claims;
  const type = token.header['typ'];
  // 2.6 step 3: explicit typing rejects other JWTs; older providers omit the header.
  if (
    type !== undefined &&
    (typeof type !== 'string' || type.toLowerCase().replace(/^application\//, '') !== logoutTokenType)
  )
    return undefined;
  const audience: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (iss !== expected.issuer || !audience.includes(expected.clientId)) return undefined;
  if (typeof iat !== 'number' || iat > expected.now + skewSeconds) return undefined;
  if (typeof exp !== 'number' || !Number.isSafeInteger(exp) || exp + skewSeconds <= expected.now) return undefined;
  if (typeof jti !== 'string' || jti === '' || jti.length > 300) return undefined;
  if (
    typeof events !== 'object' ||
    events === null ||
    !isObject((events as Record<string, unknown>)[backchannelLogoutEvent])
  )
    return undefined;
  // 2.6 step 6: an ID token is not a logout token.
  if (nonce !== undefined) return undefined;
  const subject = typeof sub === 'string' && sub !== '' ? sub : undefined;
  const sessionId = typeof sid === 'string' && sid !== '' ? sid : undefined;
  if (subject === undefined && sessionId === undefined) return undefined;
  return { subject, sessionId, id: jti, expiresAt: exp as EpochSeconds };
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
