import { leftHalfHash } from '../jose/index.js';
import { epochSeconds } from '../kernel/index.js';
import { idTokenClaims, userinfoClaims, type Person } from './claims.js';

describe('idTokenClaims', () => {
  const least = {
    issuer: 'https://server.example.com',
    subject: '24400320',
    clientId: 's6BhdRkqt3',
    now: epochSeconds(1311280970),
    lifetimeSeconds: 1000,
    algorithm: 'RS256',
    accessToken: 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y',
  } as const;

  it('writes the example of OpenID Connect Core 2, with the at_hash of A.3', () => {
    expect(
      idTokenClaims({
        ...least,
        nonce: 'n-0S6_WzA2Mj',
        authTime: epochSeconds(1311280969),
        acr: 'urn:mace:incommon:iap:silver',
      }),
    ).toEqual({
      iss: 'https://server.example.com',
      sub: '24400320',
      aud: 's6BhdRkqt3',
      nonce: 'n-0S6_WzA2Mj',
      exp: 1311281970,
      iat: 1311280970,
      auth_time: 1311280969,
      acr: 'urn:mace:incommon:iap:silver',
      at_hash: '77QmUPtjPfzWtF2AnpK9RQ',
    });
  });

  it('leaves out what is not known, and is JSON', () => {
    const claims = idTokenClaims(least);
    expect(Object.keys(claims).sort()).toEqual(['at_hash', 'aud', 'exp', 'iat', 'iss', 'sub']);
    expect(JSON.parse(JSON.stringify(claims))).toEqual(claims);
  });

  it('binds code and state that it travels with: the c_hash of A.4, and s_hash', () => {
    const claims = idTokenClaims({
      ...least,
      accessToken: undefined,
      code: 'Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk',
      state: 'af0ifjsldkj',
    });
    expect(claims).toMatchObject({ c_hash: 'LDktKdoQak3Pk0cnXxCltA', s_hash: leftHalfHash('af0ifjsldkj', 'RS256') });
    expect(claims).not.toHaveProperty('at_hash');
  });

  it('tells more of the person where it is asked to, and never in place of what it must say', () => {
    const claims = idTokenClaims({ ...least, personal: { name: 'Ada', sub: 'someone', iss: 'https://evil.example' } });
    expect(claims).toMatchObject({ name: 'Ada', sub: least.subject, iss: least.issuer });
  });

  it('names session, methods and roles', () => {
    expect(idTokenClaims({ ...least, sessionId: 's', amr: ['pwd', 'otp'], personal: { roles: [] } })).toMatchObject({
      sid: 's',
      amr: ['pwd', 'otp'],
      roles: [],
    });
  });
});

describe('userinfoClaims (OpenID Connect Core 5.4)', () => {
  const ada: Person = {
    id: 'u1',
    username: 'ada',
    name: 'Ada Lovelace',
    givenName: 'Ada',
    familyName: 'Lovelace',
    email: 'ada@example.com',
    emailVerified: true,
    updatedAt: epochSeconds(1_800_000_000),
    roles: ['admin'],
  };
  const profile = {
    name: 'Ada Lovelace',
    given_name: 'Ada',
    family_name: 'Lovelace',
    preferred_username: 'ada',
    updated_at: 1_800_000_000,
  };
  const email = { email: 'ada@example.com', email_verified: true };

  it.each([
    [['openid'], {}],
    [[], {}],
    [['openid', 'profile'], profile],
    [['openid', 'email'], email],
    [['openid', 'roles'], { roles: ['admin'] }],
    [['openid', 'profile', 'email', 'read', 'offline_access'], { ...profile, ...email }],
  ])('tells for scope %j what it asks for, and always the sub', (scope, claims) => {
    expect(userinfoClaims(ada, scope)).toEqual({ sub: 'u1', ...claims });
  });

  it('leaves out what a person has not given, email_verified with the e-mail', () => {
    const bob: Person = { id: 'u2', username: 'bob', emailVerified: false, updatedAt: epochSeconds(5), roles: [] };
    expect(userinfoClaims(bob, ['openid', 'profile', 'email'])).toEqual({
      sub: 'u2',
      preferred_username: 'bob',
      updated_at: 5,
    });
  });
});
