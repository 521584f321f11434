import { epochSeconds } from '../kernel/index.js';
import {
  currentRefreshTokenExpiry,
  extendsRefreshToken,
  refreshTokenExpiry,
  rotatesRefreshTokens,
  type RefreshingClient,
  type RefreshTokenRotation,
} from './refresh-token.js';

describe('rotatesRefreshTokens (RFC 9700 4.14.2)', () => {
  it.each<[RefreshingClient['type'], RefreshTokenRotation, senderConstrained: boolean, rotates: boolean]>([
    ['public', 'default', false, true],
    ['public', 'default', true, false],
    ['confidential', 'default', false, false],
    ['confidential', 'default', true, false],
    ['public', 'always', false, true],
    ['public', 'always', true, true],
    ['confidential', 'always', false, true],
    ['confidential', 'always', true, true],
    // A token that was issued before the client had to bind its tokens.
    ['public', 'never', false, true],
    ['public', 'never', true, false],
    ['confidential', 'never', false, false],
    ['confidential', 'never', true, false],
  ])('%s client, %s, sender-constrained %s: %s', (type, refreshTokenRotation, senderConstrained, rotates) => {
    expect(rotatesRefreshTokens({ type, refreshTokenRotation }, { senderConstrained })).toBe(rotates);
  });
});

describe('the expiry of a refresh token', () => {
  const granted = epochSeconds(1_800_000_000);
  const at = (seconds: number) => epochSeconds(granted + seconds);
  const lifetimes = { refreshTokenLifetimeSeconds: 600, refreshTokenAbsoluteLifetimeSeconds: 1000 };

  it.each([
    [0, 600],
    [399, 999],
    [400, 1000],
    [500, 1000],
    [2000, 1000],
  ])('is the idle lifetime after its use at %i s, and the absolute lifetime at the latest: %i s', (used, expires) => {
    expect(refreshTokenExpiry(granted, at(used), lifetimes)).toBe(at(expires));
  });

  it.each([
    [600, 600],
    [1000, 1000],
    [5000, 1000],
  ])('stored as %i s is %i s by the lifetimes of today', (stored, expires) => {
    expect(currentRefreshTokenExpiry({ expiresAt: at(stored) }, granted, lifetimes)).toBe(at(expires));
  });

  it.each<[lifetime: number, gained: number, extended: boolean]>([
    [86_400, 59, false],
    [86_400, 60, true],
    [86_400, 0, false],
    [86_400, -5, false],
    [600, 59, false],
    [600, 60, true],
    [100, 9, false],
    [100, 10, true],
    [5, 0, false],
    [5, 1, true],
  ])('of %i s is extended by %i s: %s', (refreshTokenLifetimeSeconds, gained, extended) => {
    const token = { expiresAt: at(1000) };
    expect(
      extendsRefreshToken(token, at(1000 + gained), {
        refreshTokenLifetimeSeconds,
        refreshTokenAbsoluteLifetimeSeconds: 1e6,
      }),
    ).toBe(extended);
  });
});
