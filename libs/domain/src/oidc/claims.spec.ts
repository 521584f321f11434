import { leftHalfHash } from '../jose/index.js';
import { epochSeconds } from '../kernel/index.js';
import { claimNames, claimsOfScope, claimValues, idTokenClaims, userinfoClaims, type Person } from './claims.js';

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

const ada: Person = {
  username: 'ada',
  name: 'Ada Lovelace',
  givenName: 'Ada',
  familyName: 'Lovelace',
  email: 'ada@example.com',
  emailVerified: true,
  profile: {
    middleName: 'King',
    nickname: 'Countess',
    profilePage: 'https://example.com/ada',
    picture: 'https://example.com/ada.png',
    website: 'https://ada.example/',
    gender: 'female',
    birthdate: '1815-12-10',
    zoneinfo: 'Europe/London',
    locale: 'en-GB',
    phoneNumber: '+442079460958',
    phoneNumberVerified: true,
    address: {
      streetAddress: '12 St James’s Square\nGround floor',
      locality: 'London',
      region: 'England',
      postalCode: 'SW1Y 4JH',
      country: 'United Kingdom',
    },
  },
  updatedAt: epochSeconds(1_800_000_000),
  roles: ['admin'],
};
const bob: Person = { username: 'bob', emailVerified: false, profile: {}, updatedAt: epochSeconds(5), roles: [] };

const profile = {
  name: 'Ada Lovelace',
  given_name: 'Ada',
  family_name: 'Lovelace',
  middle_name: 'King',
  nickname: 'Countess',
  preferred_username: 'ada',
  profile: 'https://example.com/ada',
  picture: 'https://example.com/ada.png',
  website: 'https://ada.example/',
  gender: 'female',
  birthdate: '1815-12-10',
  zoneinfo: 'Europe/London',
  locale: 'en-GB',
  updated_at: 1_800_000_000,
};
const email = { email: 'ada@example.com', email_verified: true };
const phone = { phone_number: '+442079460958', phone_number_verified: true };
const address = {
  address: {
    formatted: '12 St James’s Square\nGround floor\nSW1Y 4JH London\nEngland\nUnited Kingdom',
    street_address: '12 St James’s Square\nGround floor',
    locality: 'London',
    region: 'England',
    postal_code: 'SW1Y 4JH',
    country: 'United Kingdom',
  },
};

describe('userinfoClaims (OpenID Connect Core 5.4)', () => {
  it.each([
    [['openid'], {}],
    [[], {}],
    [['openid', 'profile'], profile],
    [['openid', 'email'], email],
    [['openid', 'phone'], phone],
    [['openid', 'address'], address],
    [['openid', 'roles'], { roles: ['admin'] }],
    [['openid', 'read', 'toString', '__proto__'], {}],
    [
      ['openid', 'profile', 'email', 'address', 'phone', 'read', 'offline_access'],
      { ...profile, ...email, ...phone, ...address },
    ],
  ])('tells for scope %j what it asks for, and always the sub', (scope, claims) => {
    expect(userinfoClaims(ada, 'u1', scope)).toEqual({ sub: 'u1', ...claims });
  });

  it('leaves out what a person has not given, and what is said of it (5.3.2)', () => {
    expect(userinfoClaims(bob, 'u2', ['openid', 'profile', 'email', 'phone', 'address'])).toEqual({
      sub: 'u2',
      preferred_username: 'bob',
      updated_at: 5,
    });
  });
});

describe('claimValues', () => {
  it('has every standard claim of OpenID Connect Core 5.1, in no scope but one', () => {
    const standard = [...Object.keys({ ...profile, ...email, ...phone, ...address })].sort();
    expect(claimNames.filter((name) => name !== 'roles' && name !== 'application_roles').sort()).toEqual(standard);
    expect([...claimsOfScope.values()].flat().sort()).toEqual([...claimNames].sort());
  });

  it('tells what is asked for by name alone', () => {
    expect(claimValues(ada, ['email', 'birthdate'])).toEqual({ email: 'ada@example.com', birthdate: '1815-12-10' });
  });

  it.each(['sub', 'no_such_claim', 'toString', 'constructor', '__proto__', ''])('leaves out %j', (name) => {
    expect(claimValues(ada, [name])).toEqual({});
  });

  it('says that a phone number is not verified until somebody did', () => {
    expect(claimValues({ ...bob, profile: { phoneNumber: '+4930123456' } }, ['phone_number_verified'])).toEqual({
      phone_number_verified: false,
    });
  });

  it('takes an address as it is written out', () => {
    const person = { ...bob, profile: { address: { formatted: 'Bob\nHere', country: 'DE' } } };
    expect(claimValues(person, ['address'])).toEqual({ address: { formatted: 'Bob\nHere', country: 'DE' } });
  });
});
