import { generateKeyPairSync } from 'node:crypto';
import { encodeSigningInput, signatureOf } from '@gatehouse/domain/jose';
import type { Client, ClientDraft } from '@gatehouse/domain/oauth';
import { RemoteKeySets } from '../../src/clients/keys/remote-key-sets';
import { send } from '../support/browser';
import { assertionClaims, assertionFields, assertionParameters, clientKey, signed } from '../support/client-jwts';
import { eventually } from '../support/eventually';
import { startKeyServer, type KeyServer } from '../support/key-server';
import { post, startProvider, type TestProvider } from '../support/provider';

/** `jwks_uri`: fetched by the guarded client, kept, fetched again for a kid that is not known (OpenID Connect Core 10.1.1). */
describe('keys that a client keeps at an address', () => {
  let provider: TestProvider;
  let server: KeyServer;
  let client: Client;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.1' } });
  });
  afterAll(() => provider.close());
  beforeEach(async () => {
    server = await startKeyServer();
    client = await add({ jwksUri: server.url });
  });
  afterEach(() => server.close());

  const add = async (draft: Partial<ClientDraft>): Promise<Client> =>
    (
      await provider.addClient({
        grantTypes: ['client_credentials'],
        redirectUris: [],
        scope: ['read'],
        authMethod: 'private_key_jwt',
        ...draft,
      })
    ).client;
  const askAs = async (by: Client, key = clientKey('ES256'), at = provider): Promise<number> =>
    (
      await post(`${at.issuer}/oauth/token`, {
        grant_type: 'client_credentials',
        ...(await assertionFields(at, by, key)),
      })
    ).status;
  const askFrom = async (localAddress: string, by: Client, key = clientKey('ES256')): Promise<number> => {
    const fields = { grant_type: 'client_credentials', ...(await assertionFields(provider, by, key)) };
    const answer = await send(`${provider.base}/oauth/token`, {
      method: 'POST',
      localAddress,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields).toString(),
    });
    return answer.status;
  };
  const addStrangers = async (count: number, uriOf: (n: number) => string): Promise<Client[]> => {
    const strangers: Client[] = [];
    for (let n = 0; n < count; n++) strangers.push(await add({ jwksUri: uriOf(n), source: 'registration' }));
    return strangers;
  };

  it('are fetched once for many requests, also for those that come at once', async () => {
    const key = clientKey('ES256');
    server.keys = [key.publicJwk];
    const answers = await Promise.all(Array.from({ length: 20 }, () => askAs(client, key)));
    expect(new Set(answers)).toEqual(new Set([200]));
    expect(await askAs(client, key)).toBe(200);
    expect(server.asked).toBe(1);
  });

  it('are fetched again when they are stale: after ten minutes, or as Cache-Control says, within limits', async () => {
    const key = clientKey('ES256');
    server.keys = [key.publicJwk];
    const askedAfter = async (seconds: number): Promise<number> => {
      provider.clock.advance(seconds);
      expect(await askAs(client, key)).toBe(200);
      return server.asked;
    };
    expect(await askedAfter(0)).toBe(1);
    expect(await askedAfter(599)).toBe(1);
    server.headers = { 'Cache-Control': 'public, max-age=7200' };
    expect(await askedAfter(1)).toBe(2);
    expect(await askedAfter(7199)).toBe(2);
    server.headers = { 'Cache-Control': 'max-age=0, no-store' };
    expect(await askedAfter(1)).toBe(3);
    expect(await askedAfter(59)).toBe(3);
    server.headers = { 'Cache-Control': 'max-age=99999999' };
    expect(await askedAfter(1)).toBe(4);
    expect(await askedAfter(86_399)).toBe(4);
    expect(await askedAfter(1)).toBe(5);
  });

  it('are fetched again for a kid that is not known: a client may rotate at any time', async () => {
    const [old, fresh] = [clientKey('ES256'), clientKey('ES256')];
    server.keys = [old.publicJwk];
    expect(await askAs(client, old)).toBe(200);
    server.keys = [fresh.publicJwk];
    expect(await askAs(client, fresh)).toBe(200);
    expect(server.asked).toBe(2);
    // What it withdrew is rejected from now on.
    expect(await askAs(client, old)).toBe(401);
  });

  it('are fetched again where no kid says that they are the same', async () => {
    const [old, fresh] = [clientKey('ES256', { kid: undefined }), clientKey('ES256', { kid: undefined })];
    server.keys = [old.publicJwk];
    const bare = async (key: typeof old) =>
      (
        await post(`${provider.issuer}/oauth/token`, {
          grant_type: 'client_credentials',
          ...assertionParameters(await signed({ ...key, kid: undefined }, assertionClaims(provider, client))),
        })
      ).status;
    expect(await bare(old)).toBe(200);
    server.keys = [fresh.publicJwk];
    expect(await bare(fresh)).toBe(200);
  });

  it('are chosen by the kid where there are several that fit: none of them is tried without one (Core 10.1)', async () => {
    const keys = Array.from({ length: 10 }, () => clientKey('ES512'));
    const [key] = keys;
    if (!key) throw new Error('ten were made');
    const jwks = { keys: keys.map(({ publicJwk }) => publicJwk) };
    for (const by of [await add({ jwks }), await add({ jwksUri: server.url })]) {
      server.keys = jwks.keys;
      const ask = async (signer: typeof key) =>
        post(`${provider.issuer}/oauth/token`, {
          grant_type: 'client_credentials',
          ...(await assertionFields(provider, by, signer)),
        });
      expect((await ask(key)).status).toBe(200);
      const asked = server.asked;
      const refused = await ask({ ...key, kid: undefined });
      expect([refused.status, refused.json()['error']]).toEqual([401, 'invalid_client']);
      expect(refused.json()['error_description']).toContain('kid');
      expect(server.asked).toBe(asked);
    }
  });

  it('need no kid where one fits', async () => {
    const [key, other] = [clientKey('ES256'), clientKey('ES384')];
    const encryption = clientKey('ES256', { use: 'enc' });
    const by = await add({ jwks: { keys: [other.publicJwk, encryption.publicJwk, key.publicJwk] } });
    expect(await askAs(by, { ...key, kid: undefined })).toBe(200);
  });

  it('are not fetched again for a wrong signature by a known kid', async () => {
    const key = clientKey('ES256');
    server.keys = [key.publicJwk];
    expect(await askAs(client, key)).toBe(200);
    expect(await askAs(client, { ...clientKey('ES256'), kid: key.kid })).toBe(401);
    expect(server.asked).toBe(1);
  });

  it('are fetched at most five times a minute for unknown key ids; known ones keep working', async () => {
    const key = clientKey('ES256');
    server.keys = [key.publicJwk];
    expect(await askAs(client, key)).toBe(200);
    for (let count = 0; count < 20; count++) expect(await askAs(client)).toBe(401);
    expect(server.asked).toBe(5);
    expect(await askAs(client, key)).toBe(200);
    provider.clock.advance(60);
    const fresh = clientKey('ES256');
    server.keys = [fresh.publicJwk];
    expect(await askAs(client, fresh)).toBe(200);
    expect(server.asked).toBe(6);
  });

  it('are asked for 600 times a minute at most at all addresses together; then again', async () => {
    provider.clock.advance(60);
    const key = clientKey('ES256');
    server.keys = [key.publicJwk];
    const sets = provider.app.get(RemoteKeySets);
    const ask = (many: number, from: number): Promise<number> =>
      Promise.all(
        Array.from({ length: many }, (_, at) =>
          sets.find(`${server.url}?${from + at}`, {
            mode: 'cached',
            requester: { trust: 'approved' },
            now: provider.clock.now(),
          }),
        ),
      ).then((found) => found.filter((keys) => keys.length > 0).length);
    expect([await ask(300, 0), await ask(400, 300)]).toEqual([300, 300]);
    expect(server.asked).toBe(600);
    // What is kept goes on.
    expect(await ask(300, 0)).toBe(300);
    provider.clock.advance(60);
    expect(await ask(10, 1000)).toBe(10);
  });

  it('of approved clients are fetched regardless of fetches for other clients from the same address', async () => {
    provider.clock.advance(60);
    const [old, fresh] = [clientKey('ES256'), clientKey('ES256')];
    server.keys = [old.publicJwk];
    expect(await askAs(client, old)).toBe(200);
    // A client that nobody approved names the honest client's address, and uses up what it may fetch there.
    const stranger = await add({ jwksUri: server.url, source: 'registration' });
    for (let count = 0; count < 10; count++) expect(await askAs(stranger)).toBe(401);
    expect(server.asked).toBe(6);
    server.keys = [fresh.publicJwk];
    expect(await askAs(client, fresh)).toBe(200);
  });

  it('of unapproved clients are fetched 30 times a minute for one address, 60 times from one host', async () => {
    provider.clock.advance(60);
    server.keys = [clientKey('ES256').publicJwk];
    const strangers = await addStrangers(80, (n) => `${server.url}?${n}`);
    // Two fetches each: the key is looked for once more in a set that does not have it.
    for (const stranger of strangers.slice(0, 40)) await askFrom('127.0.0.2', stranger);
    expect(server.asked).toBe(30);
    for (const stranger of strangers.slice(40, 50)) await askFrom('127.0.0.3', stranger);
    expect(server.asked).toBe(50);
    for (const stranger of strangers.slice(50)) await askFrom('127.0.0.4', stranger);
    expect(server.asked).toBe(60);
    const key = clientKey('ES256');
    server.keys = [key.publicJwk];
    expect(await askAs(client, key)).toBe(200);
  });

  it('of unapproved clients are fetched six at a time for one address, twelve at a time from one host', async () => {
    provider.clock.advance(60);
    const waiting: (() => void)[] = [];
    server.answer = (_request, response) => void waiting.push(() => response.writeHead(500).end());
    const strangers = await addStrangers(24, (n) => `${server.url}?${n}`);
    const count = (): Promise<number> => Promise.resolve(waiting.length);
    const askAll = (from: number, to: number, localAddress: string): Promise<number[]> =>
      Promise.all(strangers.slice(from, to).map((stranger) => askFrom(localAddress, stranger)));
    const asked = [askAll(0, 8, '127.0.0.2')];
    expect(await eventually(count, (now) => now === 6)).toBe(6);
    asked.push(askAll(8, 16, '127.0.0.3'));
    expect(await eventually(count, (now) => now === 12)).toBe(12);
    expect(await askAll(16, 24, '127.0.0.4')).toEqual(Array(8).fill(401));
    expect(waiting).toHaveLength(12);
    const key = clientKey('ES256');
    server.keys = [key.publicJwk];
    server.answer = undefined;
    expect(await askAs(client, key)).toBe(200);
    for (const end of waiting) end();
    expect((await Promise.all(asked)).flat()).toEqual(Array(16).fill(401));
  });

  it('of one unapproved client are fetched while fetches of another address wait for many hosts', async () => {
    provider.clock.advance(60);
    const slow = await Promise.all(Array.from({ length: 10 }, () => startKeyServer()));
    const waiting: (() => void)[] = [];
    for (const each of slow)
      each.answer = (_request, response) => void waiting.push(() => response.writeHead(500).end());
    try {
      const strangers = await addStrangers(20, (n) => `${slow[n % 10]?.url ?? ''}?${n}`);
      const asked = Promise.all(strangers.map((stranger) => askFrom('127.0.0.9', stranger)));
      expect(
        await eventually(
          () => Promise.resolve(waiting.length),
          (now) => now >= 6,
        ),
      ).toBe(6);
      const key = clientKey('ES256');
      server.keys = [key.publicJwk];
      const [honest] = await addStrangers(1, () => server.url);
      if (!honest) throw new Error('one was made');
      // Authenticated; a grant of its own it has not.
      expect(await askFrom('127.0.0.2', honest, key)).not.toBe(401);
      for (const end of waiting) end();
      await asked;
    } finally {
      for (const each of slow) await each.close();
    }
  });

  it('go on for a day where their host fails, and come back with it', async () => {
    const key = clientKey('ES256');
    server.keys = [key.publicJwk];
    expect(await askAs(client, key)).toBe(200);
    server.answer = (_request, response) => void response.writeHead(503).end();
    provider.clock.advance(3600);
    expect(await askAs(client, key)).toBe(200);
    provider.clock.advance(24 * 3600);
    expect(await askAs(client, key)).toBe(401);
    server.answer = undefined;
    provider.clock.advance(60);
    expect(await askAs(client, key)).toBe(200);
  });

  it.each<[string, NonNullable<KeyServer['answer']>]>([
    ['an error', (_request, response) => void response.writeHead(500).end()],
    ['a redirect', (_request, response) => void response.writeHead(302, { Location: '/other' }).end()],
    ['what is no JSON', (_request, response) => void response.end('<html>')],
    ['what is no set', (_request, response) => void response.end('[]')],
    ['a set that is too large', (_request, response) => void response.end(`{"keys":[],"x":"${'x'.repeat(70_000)}"}`)],
    ['a set of too many keys', (_request, response) => void response.end(JSON.stringify({ keys: Array(51).fill({}) }))],
    ['nothing: the connection breaks', (request) => void request.socket.destroy()],
  ])('refuses the client, and lives, where the address answers with %s', async (_name, answer) => {
    server.answer = answer;
    expect(await askAs(client)).toBe(401);
  });

  it('passes over keys that it must not use, and takes the others', async () => {
    const key = clientKey('ES256');
    const leaked = clientKey('ES256');
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
    server.keys = [
      { kty: 'XYZ', kid: 'later' },
      { ...weak.publicKey.export({ format: 'jwk' }), kid: 'weak' },
      {
        ...(leaked.privateKey as ReturnType<typeof generateKeyPairSync>['privateKey']).export({ format: 'jwk' }),
        kid: leaked.kid,
      },
      { ...key.publicJwk, use: undefined },
    ];
    expect(await askAs(client, key)).toBe(200);
    expect(await askAs(client, leaked)).toBe(401);
    // jose would not sign with a key of 1024 bits, and is right in that.
    const input = encodeSigningInput({ alg: 'RS256', kid: 'weak' }, assertionClaims(provider, client));
    const signature = signatureOf('RS256', weak.privateKey, input).toString('base64url');
    const answer = await post(`${provider.issuer}/oauth/token`, {
      grant_type: 'client_credentials',
      ...assertionParameters(`${input}.${signature}`),
    });
    expect(answer.status).toBe(401);
  });

  it('are not fetched from addresses that are not public, unless the setting allows them', async () => {
    const guarded = await startProvider();
    try {
      const made = await guarded.addClient({
        grantTypes: ['client_credentials'],
        redirectUris: [],
        scope: ['read'],
        authMethod: 'private_key_jwt',
        jwksUri: server.url,
      });
      const key = clientKey('ES256');
      server.keys = [key.publicJwk];
      expect(await askAs(made.client, key, guarded)).toBe(401);
      expect(server.asked).toBe(0);
    } finally {
      await guarded.close();
    }
  });
});
