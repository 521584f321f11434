import { generateKeyPairSync } from 'node:crypto';
import { aClient } from '../../test/client.fixture.js';
import type { Jwk } from '../jose/index.js';
import {
  clientHandover,
  endsCredentials,
  keptKeyProblems,
  releasedClient,
  withoutEndedKeys,
} from './client-handover.js';
import type { Client } from './client.js';
import { tokenExchangeGrant } from './token-exchange.js';

const keyOf = (members: object = {}): Jwk => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
  ...members,
});
const [old, fresh] = [keyOf({ kid: 'old' }), keyOf({ kid: 'fresh' })];
const byKeys: Partial<Client> = { authMethod: 'private_key_jwt', jwks: { keys: [old] } };
const admin = ['read', 'gatehouse:admin'];

describe('clientHandover', () => {
  const all = { secret: true, keys: true, registrationToken: true, ownTokens: true, administrationScopes: [] };
  const none = { secret: false, keys: false, registrationToken: false, ownTokens: false, administrationScopes: [] };
  const opened = { ...none, secret: true, ownTokens: true, administrationScopes: ['gatehouse:admin'] };
  const ended = { ...none, ownTokens: true };
  const machine: Partial<Client> = { serviceAccount: true, grantTypes: ['client_credentials'], redirectUris: [] };

  it.each<[string, object, Partial<Client>, Partial<Client>]>([
    ['an owner is taken away', all, { ownerId: 'dora' }, { ownerId: undefined }],
    ['another owner follows', all, { ownerId: 'dora' }, { ownerId: 'emil' }],
    ['a registered client gets an owner', all, { source: 'registration' }, { ownerId: 'dora' }],
    ['a released client gets an owner', all, { source: 'developer' }, { ownerId: 'dora' }],
    ['an administrator’s client gets its first owner', none, {}, { ownerId: 'dora' }],
    ['the owner stays', none, { ownerId: 'dora' }, { name: 'Other' }],
    ['a gatehouse scope is added', opened, {}, { scope: admin }],
    ['a second one is', opened, { scope: ['gatehouse:read'] }, { scope: ['gatehouse:read', ...admin] }],
    [
      'a gatehouse scope is removed',
      { ...ended, administrationScopes: ['gatehouse:admin'] },
      { scope: admin },
      { scope: ['read'] },
    ],
    [
      'one takes the place of another',
      { ...opened, administrationScopes: ['gatehouse:admin', 'gatehouse:read'] },
      { scope: ['gatehouse:read'] },
      { scope: ['gatehouse:admin'] },
    ],
    ['another scope is removed', none, { scope: admin }, { scope: ['gatehouse:admin'] }],
    ['it may not act for itself any more', ended, machine, { serviceAccount: false }],
    ['it has not the grant type any more', ended, machine, { grantTypes: ['authorization_code'] }],
    ['it may act for itself', none, { ...machine, serviceAccount: false }, { serviceAccount: true }],
    ['it had it', none, { scope: admin }, { name: 'Other' }],
    ['a gatehouse scope is added for keys', { ...opened, keys: true }, byKeys, { scope: admin }],
    ['keys open what a secret did', { ...none, keys: true }, { scope: admin }, { authMethod: 'private_key_jwt' }],
    ['keys opened it already', none, { ...byKeys, scope: admin }, { name: 'Other' }],
    [
      'a held-back scope becomes good',
      { ...all, administrationScopes: ['gatehouse:admin'] },
      { ownerId: 'dora', scope: admin },
      { ownerId: undefined },
    ],
  ])('%s', (_name, expected, from, change) => {
    const before = aClient(from);
    const handover = clientHandover(before, { ...before, ...change });
    expect(handover).toEqual(expected);
    // Listeners of the one do not listen to the other.
    if (handover.administrationScopes.length > 0) expect(handover.ownTokens).toBe(true);
  });

  it('leaves the keys of a metadata document to its publisher', () => {
    const before = aClient({ ...byKeys, source: 'metadata_document', ownerId: 'dora' });
    expect(clientHandover(before, { ...before, ownerId: undefined }).keys).toBe(false);
  });
});

describe('endsCredentials', () => {
  it.each<[string, boolean, Partial<Client>, Partial<Client>]>([
    ['nothing of them changes', false, byKeys, { name: 'Other', scope: ['read'] }],
    ['another way to authenticate', true, {}, { authMethod: 'client_secret_post' }],
    ['another key', true, byKeys, { jwks: { keys: [fresh] } }],
    ['a key more', false, byKeys, { jwks: { keys: [old, fresh] } }],
    ['a first key', false, {}, { jwks: { keys: [fresh] } }],
    ['the same key under another name', false, byKeys, { jwks: { keys: [{ ...old, kid: 'other' }] } }],
    ['a first address of keys', false, {}, { jwksUri: 'https://a.test/' }],
    ['a key fewer', true, { ...byKeys, jwks: { keys: [old, fresh] } }, { jwks: { keys: [fresh] } }],
    ['another address of keys', true, { jwksUri: 'https://a.test/' }, { jwksUri: 'https://b.test/' }],
    ['the secret is needed as a key', true, {}, { idTokenSignedResponseAlg: 'HS256' }],
  ])('%s', (_name, expected, from, change) => {
    const before = aClient(from);
    expect(endsCredentials(before, { ...before, ...change })).toBe(expected);
  });
});

describe('keptKeyProblems', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
  const padded = {
    ...rsa,
    n: Buffer.concat([Buffer.of(0), Buffer.from(rsa.n ?? '', 'base64url')]).toString('base64url'),
  };
  const fields = (keys: Partial<Client>, change: Partial<Client>): string[] => {
    const before = aClient({ ownerId: 'dora', authMethod: 'private_key_jwt', ...keys });
    return keptKeyProblems(before, { ...before, ownerId: undefined, ...change }).map(({ field }) => field);
  };

  it.each<[string, string[], Partial<Client>, Partial<Client>]>([
    ['the same keys', ['jwks'], byKeys, {}],
    ['an old key beside a new one', ['jwks'], byKeys, { jwks: { keys: [fresh, old] } }],
    ['an old key under another name', ['jwks'], byKeys, { jwks: { keys: [{ ...old, kid: 'other', use: 'sig' }] } }],
    ['an old key in other letters', ['jwks'], { jwks: { keys: [rsa] } }, { jwks: { keys: [padded] } }],
    ['other keys', [], byKeys, { jwks: { keys: [fresh] } }],
    ['a secret, and the old keys for something else', ['jwks'], byKeys, { authMethod: 'client_secret_basic' }],
    ['the same address', ['jwksUri'], { jwksUri: 'https://a.test/k' }, { jwksUri: 'https://A.test:443/k' }],
    ['another address', [], { jwksUri: 'https://a.test/k' }, { jwksUri: 'https://b.test/k' }],
    ['no keys', [], byKeys, { jwks: undefined, authMethod: 'client_secret_basic' }],
    ['the same owner', [], byKeys, { ownerId: 'dora' }],
  ])('%s: %j', (_name, expected, keys, change) => expect(fields(keys, change)).toEqual(expected));
});

describe('withoutEndedKeys', () => {
  const before = aClient({ ownerId: 'dora', jwks: { keys: [old] } });
  const taken = { ...before, ownerId: undefined };

  it('drops keys that are not named, and leaves those that are to be judged', () => {
    expect(withoutEndedKeys(before, taken, () => false).jwks).toBeUndefined();
    expect(withoutEndedKeys(before, taken, (name) => name === 'jwks').jwks).toEqual({ keys: [old] });
    expect(withoutEndedKeys(before, before, () => false).jwks).toEqual({ keys: [old] });
  });

  it('drops an old address where new keys are named, and none by which alone the client authenticates', () => {
    const atAddress = aClient({ ownerId: 'dora', authMethod: 'private_key_jwt', jwksUri: 'https://a.test/k' });
    const draft = { ...atAddress, ownerId: undefined };
    const named = withoutEndedKeys(atAddress, { ...draft, jwks: { keys: [fresh] } }, (name) => name === 'jwks');
    expect(named).toMatchObject({ jwks: { keys: [fresh] }, jwksUri: undefined });
    expect(withoutEndedKeys(atAddress, draft, () => false).jwksUri).toBe('https://a.test/k');
  });
});

it('releasedClient takes keys and all that an administrator gave', () => {
  const client = aClient({
    ...byKeys,
    ownerId: 'dora',
    scope: admin,
    defaultScope: ['gatehouse:admin'],
    grantTypes: ['client_credentials', tokenExchangeGrant],
    tokenExchange: [{ resource: 'urn:api', mode: 'delegation' }],
    serviceAccount: true,
    consentRequired: false,
  });
  expect(releasedClient(client)).toEqual({
    ...client,
    ownerId: undefined,
    jwks: undefined,
    jwksUri: undefined,
    scope: ['read'],
    defaultScope: [],
    grantTypes: ['client_credentials'],
    tokenExchange: [],
    serviceAccount: false,
    consentRequired: true,
  });
});
