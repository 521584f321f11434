import { generateKeyPairSync } from 'node:crypto';
import { outcomeOf } from '../../test/outcome.js';
import { epochSeconds } from '../kernel/index.js';
import {
  checkAssertionResources,
  checkBearerAssertion,
  checkTrustedIssuer,
  jwtBearerGrant,
  type TrustedIssuerDraft,
} from './jwt-bearer.js';

const now = epochSeconds(1_800_000_000);
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'a' }] };

const draft: TrustedIssuerDraft = {
  issuer: 'https://idp.example.com',
  name: 'Headquarters',
  jwksUri: 'https://idp.example.com/jwks',
  subject: 'email',
  clients: ['portal'],
  scope: ['documents:read'],
};

function fieldsOf(changes: Partial<TrustedIssuerDraft>): string[] {
  const checked = checkTrustedIssuer({ ...draft, ...changes, id: 'i', createdAt: now });
  if ('trusted' in checked) return [];
  for (const { message } of checked.problems) expect(message).toMatch(/^\S.+[.?]$/);
  return checked.problems.map(({ field }) => field);
}

const many = (count: number, prefix = 'n'): string[] => Array.from({ length: count }, (_each, at) => `${prefix}${at}`);

it('jwtBearerGrant is the identifier of RFC 7523 2.1', () => {
  expect(jwtBearerGrant).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
});

describe('checkTrustedIssuer', () => {
  it('gives the issuer, blanks around names and what is empty or twice left out', () => {
    const changes = {
      issuer: ' https://idp.example.com ',
      name: ' Headquarters ',
      jwksUri: ' https://idp.example.com/jwks ',
      clients: [' portal ', 'portal', ''],
      scope: ['documents:read', '', 'documents:read'],
      resources: ['urn:a', '', 'urn:a'],
    };
    expect(checkTrustedIssuer({ ...draft, ...changes, id: 'i', createdAt: now })).toEqual({
      trusted: {
        id: 'i',
        createdAt: now,
        issuer: 'https://idp.example.com',
        name: 'Headquarters',
        jwksUri: 'https://idp.example.com/jwks',
        subject: 'email',
        clients: ['portal'],
        scope: ['documents:read'],
        resources: ['urn:a'],
      },
    });
    expect(checkTrustedIssuer({ ...draft, id: 'i', createdAt: now })).toHaveProperty('trusted.resources', []);
  });

  it('says everything that is wrong at once', () => {
    expect(fieldsOf({ issuer: '', name: '', jwksUri: 'ftp://x', subject: '', clients: [], scope: [] })).toEqual([
      'issuer',
      'name',
      'jwksUri',
      'subject',
      'clients',
      'scope',
    ]);
  });

  it.each<[string, Partial<TrustedIssuerDraft>, string[]]>([
    ['all of it', {}, []],
    ['keys by value', { jwksUri: undefined, jwks }, []],
    ['keys on this machine', { jwksUri: 'http://127.0.0.1:1/jwks' }, []],
    ['no issuer', { issuer: ' ' }, ['issuer']],
    ['an issuer with a space', { issuer: 'https://idp .example' }, ['issuer']],
    ['an issuer beyond ASCII', { issuer: 'https://idp.example/ä' }, ['issuer']],
    ['the longest issuer', { issuer: 'i'.repeat(300) }, []],
    ['a longer issuer', { issuer: 'i'.repeat(301) }, ['issuer']],
    ['the longest name', { name: 'n'.repeat(200) }, []],
    ['a longer name', { name: 'n'.repeat(201) }, ['name']],
    ['a name with a control character', { name: 'Head\u0007quarters' }, ['name']],
    ['a name that is written backwards', { name: 'Head\u202equarters' }, ['name']],
    ['keys at an address with one slash', { jwksUri: 'https:/idp.example.com/jwks' }, ['jwksUri']],
    ['keys behind a user name', { jwksUri: 'https://ada@idp.example.com/jwks' }, ['jwksUri']],
    ['keys behind a password', { jwksUri: 'https://:secret@idp.example.com/jwks' }, ['jwksUri']],
    ['keys at another kind of address on this machine', { jwksUri: 'ftp://127.0.0.1/jwks' }, ['jwksUri']],
    ['keys at the longest address', { jwksUri: `${draft.jwksUri}?`.padEnd(2000, 'k') }, []],
    ['keys at a longer address', { jwksUri: `${draft.jwksUri}?`.padEnd(2001, 'k') }, ['jwksUri']],
    ['keys at no address', { jwksUri: 'jwks' }, ['jwksUri']],
    ['as many clients as it may have', { clients: many(100) }, []],
    ['more clients', { clients: many(101) }, ['clients']],
    ['a client with a space', { clients: ['portal', 'por tal'] }, ['clients']],
    ['a client beyond ASCII', { clients: ['pörtal'] }, ['clients']],
    ['the longest client_id', { clients: ['c'.repeat(200)] }, []],
    ['a longer client_id', { clients: ['c'.repeat(201)] }, ['clients']],
    ['as many scopes as it may have', { scope: many(100) }, []],
    ['more scopes, of which the last is not even one', { scope: [...many(100), 'a"'] }, ['scope']],
    ['what is no scope', { scope: ['a b'] }, ['scope']],
    ['as many resources as it may have', { resources: many(100, 'urn:') }, []],
    ['more resources, of which the last is no URI', { resources: [...many(100, 'urn:'), 'x'] }, ['resources']],
    ['no name', { name: '' }, ['name']],
    ['no keys', { jwksUri: '' }, ['jwksUri']],
    ['keys twice', { jwks }, ['jwksUri']],
    ['keys over http', { jwksUri: 'http://idp.example.com/jwks' }, ['jwksUri']],
    ['keys that are none', { jwksUri: undefined, jwks: { keys: [] } }, ['jwks']],
    ['another subject', { subject: 'phone' }, ['subject']],
    ['no client', { clients: ['', ' '] }, ['clients']],
    ['no scope', { scope: [] }, ['scope']],
    ['resources', { resources: ['https://documents.example/', 'urn:notes', ''] }, []],
    ['a resource that is no URI', { resources: ['documents'] }, ['resources']],
    ['too many resources', { resources: Array.from({ length: 101 }, (_each, at) => `urn:${at}`) }, ['resources']],
    ['a scope of a person', { scope: ['openid'] }, ['scope']],
    ['a scope of administrators', { scope: ['gatehouse:admin'] }, ['scope']],
  ])('%s', (_name, changes, fields) => {
    expect(fieldsOf(changes)).toEqual(fields);
  });
});

describe('checkBearerAssertion (RFC 7523 3)', () => {
  const audiences = ['https://login.example.com', 'https://login.example.com/oauth/token'];
  const claims = { sub: 'ada', aud: audiences[0], exp: now + 60, jti: 'one' };
  const check = (changes: Record<string, unknown>) =>
    outcomeOf(() => checkBearerAssertion({ ...claims, ...changes }, { audiences, now }));

  it('gives who it is, and until when its id is kept', () => {
    expect(checkBearerAssertion({ ...claims, iat: now - 5, auth_time: now - 1.5 }, { audiences, now })).toEqual({
      sub: 'ada',
      jti: 'one',
      expiresAt: now + 71,
      authTime: now - 2,
    });
    // When it was made does not say when the person logged in.
    expect(checkBearerAssertion({ ...claims, iat: now }, { audiences, now }).authTime).toBeUndefined();
  });

  it('takes the longest subject', () => {
    expect(check({ sub: 's'.repeat(300) })).toHaveProperty('sub', 's'.repeat(300));
  });

  it.each<[string, Record<string, unknown>, string | undefined]>([
    ['the token endpoint', { aud: audiences[1] }, undefined],
    ['a list of one', { aud: [audiences[0]] }, undefined],
    ['within the skew', { exp: now - 9, nbf: now + 10, iat: now + 10 }, undefined],
    ['an hour by a clock that is ahead', { exp: now + 3610 }, undefined],
    ['more than an hour', { exp: now + 3611 }, 'assertion.lifetime'],
    ['the longest texts', { jti: 'j'.repeat(1000), nbf: 0 }, undefined],
    ['a longer jti', { jti: 'j'.repeat(1001) }, 'assertion.jti'],
    ['an empty jti', { jti: '' }, 'assertion.jti'],
    ['a longer subject', { sub: 's'.repeat(301) }, 'assertion.sub'],
    ['an expiry before 1970', { exp: -1 }, 'assertion.exp'],
    ['an expiry beyond exact numbers', { exp: 2 ** 53 }, 'assertion.exp'],
    ['another audience', { aud: 'https://other.example.com' }, 'assertion.audience'],
    ['several audiences', { aud: audiences }, 'assertion.audience'],
    ['no audience', { aud: undefined }, 'assertion.audience'],
    ['no subject', { sub: '' }, 'assertion.sub'],
    ['a subject that is no text', { sub: 1 }, 'assertion.sub'],
    ['no expiry', { exp: undefined }, 'assertion.exp'],
    ['expired', { exp: now - 10 }, 'assertion.expired'],
    ['too long', { exp: now + 3700 }, 'assertion.lifetime'],
    ['not yet', { nbf: now + 11 }, 'assertion.nbf'],
    ['from the future', { iat: now + 11 }, 'assertion.iat'],
    ['a login within the skew', { auth_time: now + 10 }, undefined],
    ['a login to come', { auth_time: now + 11 }, 'assertion.auth_time'],
    ['a login at no time', { auth_time: 'today' }, 'assertion.auth_time'],
    ['a login before 1970', { auth_time: -1 }, 'assertion.auth_time'],
    ['no id', { jti: undefined }, 'assertion.jti'],
  ])('%s: %j', (_name, changes, reason) => {
    if (reason === undefined) expect(check(changes)).toHaveProperty('sub', 'ada');
    else expect(check(changes)).toBe(`invalid_grant ${reason}`);
  });
});

describe('checkAssertionResources (RFC 8707 2)', () => {
  const apis = [
    {
      identifier: 'urn:a',
      scopes: [
        { name: 'a', sentence: '' },
        { name: 'both', sentence: '' },
      ],
    },
    {
      identifier: 'urn:b',
      scopes: [
        { name: 'b', sentence: '' },
        { name: 'both', sentence: '' },
      ],
    },
    { identifier: 'urn:c', scopes: [] },
  ];
  it.each<[string, readonly string[], readonly string[], readonly string[], 'accepted' | 'invalid_target']>([
    ['no resource', [], ['both'], [], 'accepted'],
    ['the API of the scope', ['urn:a'], ['a'], [], 'accepted'],
    ['the APIs of the scopes', ['urn:a', 'urn:b'], ['a', 'b'], [], 'accepted'],
    ['the API of one of the scopes', ['urn:a'], ['a', 'b'], [], 'accepted'],
    ['an API of another scope', ['urn:b'], ['a'], [], 'invalid_target'],
    ['an API without scopes', ['urn:c'], ['a'], [], 'invalid_target'],
    ['one of two APIs of the scope', ['urn:a'], ['both'], [], 'invalid_target'],
    ['both APIs of the scope', ['urn:a', 'urn:b'], ['both'], [], 'invalid_target'],
    ['one of two APIs of one of the scopes', ['urn:a'], ['a', 'both'], [], 'invalid_target'],
    ['the right API beside another one', ['urn:a', 'urn:b'], ['a'], [], 'invalid_target'],
    ['an API of the rule', ['urn:a'], ['both'], ['urn:a'], 'accepted'],
    ['the APIs of the rule', ['urn:a', 'urn:b'], ['both'], ['urn:b', 'urn:a'], 'accepted'],
    ['an API that the rule does not name', ['urn:b'], ['both'], ['urn:a'], 'invalid_target'],
    ['the API of the scope, which the rule does not name', ['urn:a'], ['a'], ['urn:b'], 'invalid_target'],
    ['an API of the rule beside another one', ['urn:a', 'urn:b'], ['both'], ['urn:a'], 'invalid_target'],
  ])('%s', (_name, asked, scope, resources, outcome) => {
    const actual = outcomeOf(() => checkAssertionResources(asked, scope, { resources }, apis));
    expect(actual).toBe(outcome === 'accepted' ? undefined : `${outcome} assertion.resource`);
  });
});
