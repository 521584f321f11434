import { outcomeOf } from '../../test/outcome.js';
import { epochSeconds } from '../kernel/index.js';
import {
  checkResource,
  narrowResources,
  needsRecentSignIn,
  parseResourceParameter,
  targetOf,
  type Resource,
  type ResourceDraft,
} from './resource.js';

const base = { id: 'r', createdAt: epochSeconds(1_800_000_000), clientId: undefined };
const draft: ResourceDraft = {
  identifier: 'https://api.example.com/',
  name: 'Example API',
  scopes: [{ name: 'read', sentence: 'Read your documents' }],
};

function resourceOf(changes: Partial<ResourceDraft> = {}): Resource {
  const checked = checkResource({ ...base, ...draft, ...changes });
  if ('problems' in checked) throw new Error(JSON.stringify(checked.problems));
  return checked.resource;
}

function refusal(work: () => unknown): string | undefined {
  const outcome = outcomeOf(work);
  return typeof outcome === 'string' ? outcome : undefined;
}

describe('checkResource', () => {
  it('fills in what a draft leaves open: a JWT by ES256, through a person’s consent', () => {
    expect(resourceOf()).toEqual({
      ...base,
      ...draft,
      tokenFormat: 'jwt',
      signingAlgorithm: 'ES256',
      accessTokenLifetimeSeconds: undefined,
      access: 'consent',
    });
  });

  it.each(['urn:example:api', 'https://api.example.com/a?b=c', 'http://127.0.0.1:9/mcp', 'api://documents'])(
    'takes the identifier %s',
    (identifier) => {
      expect(resourceOf({ identifier }).identifier).toBe(identifier);
    },
  );

  it.each<[string, Partial<ResourceDraft>, string]>([
    ['no identifier', { identifier: '' }, 'identifier'],
    ['a relative identifier', { identifier: '/api' }, 'identifier'],
    ['a fragment (RFC 8707 2)', { identifier: 'https://api.example.com/#a' }, 'identifier'],
    ['http on another machine', { identifier: 'http://api.example.com/' }, 'identifier'],
    ['a password in the identifier', { identifier: 'https://a:b@api.example.com/' }, 'identifier'],
    ['no name', { name: ' ' }, 'name'],
    ['a name that turns the direction', { name: 'a\u202eb' }, 'name'],
    ['a scope with a space', { scopes: [{ name: 'a b', sentence: '' }] }, 'scopes.0'],
    ['a scope of this server', { scopes: [{ name: 'openid', sentence: '' }] }, 'scopes.0'],
    ['an administrator’s scope', { scopes: [{ name: 'gatehouse:admin', sentence: '' }] }, 'scopes.0'],
    [
      'a scope twice',
      {
        scopes: [
          { name: 'a', sentence: '' },
          { name: 'a', sentence: '' },
        ],
      },
      'scopes.1',
    ],
    ['101 scopes', { scopes: Array.from({ length: 101 }, (_, n) => ({ name: `s${n}`, sentence: '' })) }, 'scopes'],
    ['another format', { tokenFormat: 'saml' }, 'tokenFormat'],
    ['an unsigned token', { signingAlgorithm: 'none' }, 'signingAlgorithm'],
    ['a lifetime of nothing', { accessTokenLifetimeSeconds: 0 }, 'accessTokenLifetimeSeconds'],
    ['an unknown access', { access: 'nobody' }, 'access'],
  ])('refuses %s', (_name, changes, field) => {
    const checked = checkResource({ ...base, ...draft, ...changes });
    expect('problems' in checked ? checked.problems.map((problem) => problem.field) : []).toEqual([field]);
  });
});

describe('targetOf', () => {
  const read = resourceOf();
  const write = resourceOf({
    identifier: 'https://write.example.com/',
    scopes: [{ name: 'write', sentence: '' }],
    accessTokenLifetimeSeconds: 60,
  });

  it('is opaque and for this server without a resource', () => {
    expect(targetOf([], ['openid', 'read'])).toMatchObject({
      audience: [],
      scope: ['openid', 'read'],
      format: 'opaque',
    });
  });

  it('has the scopes that mean something at the resource (RFC 9068 2.2.3)', () => {
    expect(targetOf([read], ['openid', 'write', 'read'])).toMatchObject({
      audience: ['https://api.example.com/'],
      scope: ['read'],
      format: 'jwt',
      algorithm: 'ES256',
    });
  });

  it('is one token for several, with the shortest life', () => {
    expect(targetOf([read, write], ['read', 'write'])).toMatchObject({
      audience: ['https://api.example.com/', 'https://write.example.com/'],
      scope: ['read', 'write'],
      lifetimeSeconds: 60,
    });
  });

  it('refuses resources that take different tokens', () => {
    const opaque = resourceOf({ identifier: 'urn:o', tokenFormat: 'opaque' });
    expect(refusal(() => targetOf([read, opaque], []))).toBe('invalid_target resource.mixed');
  });
});

describe('parseResourceParameter', () => {
  it('takes each once, and an empty one as left out', () => {
    expect(parseResourceParameter('urn:a  urn:b urn:a')).toEqual(['urn:a', 'urn:b']);
    expect(parseResourceParameter(undefined)).toEqual([]);
  });

  it.each([
    ['a relative one', ['/api']],
    ['one with a fragment', ['https://api.example.com/#x']],
    ['eleven', Array.from({ length: 11 }, (_, n) => `urn:${n}`)],
  ])('refuses %s', (_name, values) => {
    expect(refusal(() => parseResourceParameter(values.join(' ')))).toBe('invalid_target resource.malformed');
  });
});

describe('narrowResources', () => {
  it('is all that was granted where nothing is asked, and what is asked where that was granted', () => {
    expect(narrowResources(['urn:a', 'urn:b'], [])).toEqual(['urn:a', 'urn:b']);
    expect(narrowResources(['urn:a', 'urn:b'], ['urn:b'])).toEqual(['urn:b']);
  });

  it('never gives more (RFC 8707 2.2)', () => {
    expect(refusal(() => narrowResources(['urn:a'], ['urn:a', 'urn:b']))).toBe('invalid_target resource.not_granted');
    expect(refusal(() => narrowResources([], ['urn:a']))).toBe('invalid_target resource.not_granted');
  });
});

describe('needsRecentSignIn', () => {
  const scopes = [{ name: 'read', sentence: 'Read' }];
  const closed: Resource = {
    id: 'api',
    identifier: 'urn:api',
    name: 'API',
    scopes,
    access: 'consent',
    tokenFormat: 'opaque',
    signingAlgorithm: 'ES256',
    accessTokenLifetimeSeconds: 300,
    clientId: undefined,
    createdAt: epochSeconds(1_800_000_000),
  };
  const open: Resource = { ...closed, access: 'anyone' };
  const jwt: Resource = { ...closed, tokenFormat: 'jwt' };
  const unlimited: Resource = { ...closed, accessTokenLifetimeSeconds: undefined };

  it.each<[string, boolean, Partial<ResourceDraft>, Resource]>([
    ['nothing', false, {}, closed],
    ['blanks around texts', false, { name: ' API ', scopes: [{ name: 'read', sentence: 'Read ' }] }, closed],
    ['the identifier', true, { identifier: 'urn:payroll' }, closed],
    ['the name, which the consent page shows', true, { name: 'Payroll' }, closed],
    ['an added scope', true, { scopes: [...scopes, { name: 'pay', sentence: 'Pay' }] }, closed],
    ['a renamed scope', true, { scopes: [{ name: 'pay', sentence: 'Read' }] }, closed],
    ['the sentence of a scope', true, { scopes: [{ name: 'read', sentence: 'See your first name' }] }, closed],
    ['a removed scope', false, { scopes: [] }, closed],
    ['access for anyone', true, { access: 'anyone' }, closed],
    ['access with consent', false, { access: 'consent' }, open],
    ['a longer lifetime', true, { accessTokenLifetimeSeconds: 301 }, closed],
    ['a shorter lifetime', false, { accessTokenLifetimeSeconds: 299 }, closed],
    ['the lifetime of the server', true, { accessTokenLifetimeSeconds: undefined }, closed],
    ['a lifetime of its own', true, { accessTokenLifetimeSeconds: 300 }, unlimited],
    ['JWTs', true, { tokenFormat: 'jwt' }, closed],
    ['JWTs, as by default', true, { tokenFormat: undefined }, closed],
    ['opaque tokens', false, { tokenFormat: 'opaque' }, jwt],
    ['a signing algorithm', false, { signingAlgorithm: 'EdDSA' }, jwt],
  ])('of %s: %s', (_name, expected, draft, before) =>
    expect(needsRecentSignIn({ ...before, ...draft }, before)).toBe(expected),
  );
});
