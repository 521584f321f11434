import type { EpochSeconds } from '../kernel/index.js';

/** The member of `events` that makes a JWT a logout token (Back-Channel Logout 1.0, 2.4). */
export const backchannelLogoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

/** The `typ` header of logout tokens (2.4). */
export const logoutTokenType = 'logout+jwt';

/** Back-Channel Logout 1.0, 2.4: at most two minutes, so that a captured one is soon worth nothing. */
const lifetimeSeconds = 120;
const skewSeconds = 60;

/**
 * The claims of a logout token: never a nonce, so that it can never pass for an ID token.
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

/** What a logout token says: the sessions of this person with this client, or the one that `sid` names, are over. */
export interface LogoutNotice {
  readonly subject: string | undefined;
  readonly sessionId: string | undefined;
  /** Its `jti`, to be remembered until `expiresAt`: it is taken once. */
  readonly id: string;
  readonly expiresAt: EpochSeconds;
}

/**
 * Reads the claims of a logout token whose signature is proved.
 * @param token.header its JOSE header
 * @returns what it says, or undefined when it is none, or not for this client now
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
  // 2.6 step 3: explicit typing keeps other JWTs out; older providers leave the header out.
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
  // 2.6 step 6: an ID token is no logout token.
  if (nonce !== undefined) return undefined;
  const subject = typeof sub === 'string' && sub !== '' ? sub : undefined;
  const sessionId = typeof sid === 'string' && sid !== '' ? sid : undefined;
  if (subject === undefined && sessionId === undefined) return undefined;
  return { subject, sessionId, id: jti, expiresAt: exp as EpochSeconds };
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
