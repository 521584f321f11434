import { epochSeconds } from '../kernel/index.js';
import { backchannelLogoutEvent, logoutTokenClaims, readLogoutToken } from './logout-token.js';

const now = epochSeconds(1_800_000_000);
const claims = logoutTokenClaims({
  issuer: 'https://op.test',
  subject: 'ada',
  clientId: 'rp',
  sessionId: 's1',
  id: 'j1',
  now,
});
const header = { alg: 'ES256', typ: 'logout+jwt' };
const expected = { issuer: 'https://op.test', clientId: 'rp', now };

describe('a logout token (OpenID Connect Back-Channel Logout 1.0)', () => {
  it('has what 2.4 requires, for at most two minutes, and no nonce', () => {
    expect(claims).toEqual({
      iss: 'https://op.test',
      sub: 'ada',
      aud: 'rp',
      iat: now,
      exp: now + 120,
      jti: 'j1',
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      sid: 's1',
    });
  });

  it('is read back (2.6)', () => {
    const notice = { subject: 'ada', sessionId: 's1', id: 'j1', expiresAt: now + 120 };
    expect(readLogoutToken({ header, claims }, expected)).toEqual(notice);
    expect(readLogoutToken({ header: { typ: 'application/Logout+JWT' }, claims }, expected)).toEqual(notice);
    expect(readLogoutToken({ header: {}, claims: { ...claims, aud: ['other', 'rp'] } }, expected)).toEqual(notice);
    expect(readLogoutToken({ header, claims: { ...claims, sub: undefined } }, expected)).toMatchObject({
      subject: undefined,
      sessionId: 's1',
    });
  });

  it.each<[string, Record<string, unknown>]>([
    ['of another issuer', { iss: 'https://evil.test' }],
    ['for another client', { aud: 'other' }],
    ['without an audience', { aud: undefined }],
    ['from the future', { iat: now + 61 }],
    ['without iat', { iat: undefined }],
    ['that expired', { exp: now - 60 }],
    ['without exp', { exp: undefined }],
    ['whose exp is a fraction', { exp: now + 0.5 }],
    ['without jti', { jti: undefined }],
    ['with an endless jti', { jti: 'j'.repeat(301) }],
    ['without events', { events: undefined }],
    ['of another event', { events: { 'https://schemas.test/other': {} } }],
    ['whose event is no object', { events: { [backchannelLogoutEvent]: 'yes' } }],
    ['with a nonce', { nonce: 'n' }],
    ['that names nobody', { sub: undefined, sid: undefined }],
  ])('is not taken %s (2.6)', (_name, changed) => {
    expect(readLogoutToken({ header, claims: { ...claims, ...changed } }, expected)).toBeUndefined();
  });

  it.each(['JWT', 'at+jwt', 7])('is not taken with the type %p (2.6 step 3)', (typ) => {
    expect(readLogoutToken({ header: { typ }, claims }, expected)).toBeUndefined();
  });
});
