import { addSeconds, type EpochSeconds } from '../kernel/index.js';

/** `refresh_token_rotation` of a client: whether a refresh replaces the refresh token. */
export const refreshTokenRotations = ['default', 'always', 'never'] as const;
export type RefreshTokenRotation = (typeof refreshTokenRotations)[number];

/** The properties of a client that determine rotation. */
export interface RefreshingClient {
  readonly type: 'confidential' | 'public';
  readonly refreshTokenRotation: RefreshTokenRotation;
}

/**
 * Whether a refresh replaces the refresh token (rotation) or keeps it valid. A bearer token of a public client is always
 * rotated: reuse detection is its only protection. Others are protected by client authentication or a key, and rotation would
 * revoke the grant of a client that merely lost a response.
 * @param token.senderConstrained whether the refresh token itself is bound to a key (RFC 9449 5)
 * @see RFC 9700 4.14.2
 */
export function rotatesRefreshTokens(
  client: RefreshingClient,
  { senderConstrained }: { readonly senderConstrained: boolean },
): boolean {
  if (client.type === 'public' && !senderConstrained) return true;
  return client.refreshTokenRotation === 'always';
}

export interface RefreshTokenLifetimes {
  /** Since the last use. */
  readonly refreshTokenLifetimeSeconds: number;
  /** Since the grant was created, regardless of use and rotation. */
  readonly refreshTokenAbsoluteLifetimeSeconds: number;
}

/** When a refresh token that is issued or used now expires. */
export function refreshTokenExpiry(
  grantedAt: EpochSeconds,
  now: EpochSeconds,
  lifetimes: RefreshTokenLifetimes,
): EpochSeconds {
  return earlier(
    addSeconds(now, lifetimes.refreshTokenLifetimeSeconds),
    addSeconds(grantedAt, lifetimes.refreshTokenAbsoluteLifetimeSeconds),
  );
}

/** When a stored refresh token expires: an absolute lifetime that was shortened since applies to it too. */
export function currentRefreshTokenExpiry(
  token: { readonly expiresAt: EpochSeconds },
  grantedAt: EpochSeconds,
  lifetimes: RefreshTokenLifetimes,
): EpochSeconds {
  return earlier(token.expiresAt, addSeconds(grantedAt, lifetimes.refreshTokenAbsoluteLifetimeSeconds));
}

const secondsBetweenExtensions = 60;

/**
 * Whether the use of a kept refresh token must be stored as a new expiry: at most once a minute, and for lifetimes of a few
 * minutes often enough to keep nine tenths of them.
 */
export function extendsRefreshToken(
  token: { readonly expiresAt: EpochSeconds },
  newExpiry: EpochSeconds,
  { refreshTokenLifetimeSeconds }: RefreshTokenLifetimes,
): boolean {
  const gained = newExpiry - token.expiresAt;
  return gained > 0 && gained >= Math.min(secondsBetweenExtensions, Math.floor(refreshTokenLifetimeSeconds / 10));
}

function earlier(a: EpochSeconds, b: EpochSeconds): EpochSeconds {
  return a < b ? a : b;
}
