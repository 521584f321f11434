import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { Browser, send } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';
import { configuration, metadataOf, register, registered } from '../support/registration';
import { KeysService } from '../../src/keys/keys.service';
import { callback, certificationSettings, RelyingParty } from './support/relying-party';

describe('the profile Dynamic OP', () => {
  let provider: TestProvider;
  let person: Awaited<ReturnType<TestProvider['addUser']>>;
  /** What a client publishes, by path. */
  const published = new Map<string, string>();
  let server: Server;
  let at: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const body = published.get(request.url ?? '');
      response.writeHead(body === undefined ? 404 : 200, { 'Content-Type': 'application/json' }).end(body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    provider = await startProvider({
      tls: true,
      env: { ...certificationSettings, GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.0/8' },
    });
    person = await provider.addUser();
  });
  afterAll(async () => {
    await provider.close();
    server.close();
  });

  it('registers a client, tells what it registered, and logs in through it', async () => {
    const rp = await RelyingParty.register(provider, 'code', 'default', {
      client_name: 'Dynamic',
      logo_uri: 'https://rp.certification.test/logo.png',
      policy_uri: 'https://rp.certification.test/policy',
      tos_uri: 'https://rp.certification.test/tos',
      made_up_member: 'ignored',
    });
    expect(rp.client).toMatchObject({
      client_id: expect.any(String) as unknown,
      client_secret: expect.any(String) as unknown,
      client_secret_expires_at: 0,
      client_name: 'Dynamic',
      redirect_uris: [callback],
      logo_uri: 'https://rp.certification.test/logo.png',
    });
    expect(rp.client).not.toHaveProperty('made_up_member');
    await rp.logIn(new Browser(), person);
  });

  it('lets a client read, change and remove what it registered', async () => {
    const client = await registered(provider);
    expect((await configuration(client, 'GET')).json()).toMatchObject({ client_id: client.client_id });
    const changed = await configuration(client, 'PUT', { metadata: { ...metadataOf(client), client_name: 'Changed' } });
    expect(changed.json()).toMatchObject({ client_name: 'Changed' });
    const token = changed.json<{ registration_access_token: string }>().registration_access_token;
    expect((await configuration(client, 'DELETE', { token })).status).toBe(204);
    expect((await configuration(client, 'GET', { token })).status).toBe(401);
  });

  it.each<[string, object, string]>([
    ['no redirect URI', { redirect_uris: [] }, 'invalid_redirect_uri'],
    ['a redirect URI with a fragment', { redirect_uris: ['https://rp.test/cb#f'] }, 'invalid_redirect_uri'],
    [
      'keys by value and by address at once',
      { jwks: { keys: [] }, jwks_uri: 'https://rp.test/jwks' },
      'invalid_client_metadata',
    ],
    ['an unknown algorithm', { id_token_signed_response_alg: 'XS256' }, 'invalid_client_metadata'],
    [
      'a sector identifier that is not there',
      { sector_identifier_uri: 'https://127.0.0.1:1/sector' },
      'invalid_client_metadata',
    ],
  ])('refuses %s', async (_name, metadata, error) => {
    const answer = await register(provider, { redirect_uris: [callback], ...metadata });
    expect([answer.status, answer.json()['error']]).toEqual([400, error]);
  });

  const assertion = async (clientId: string, key: CryptoKey, kid: string): Promise<string> =>
    new SignJWT({ jti: `${kid}-${Math.random()}` })
      .setProtectedHeader({ alg: 'RS256', kid })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(provider.issuer)
      .setIssuedAt(provider.clock.now())
      .setExpirationTime(provider.clock.now() + 60)
      .sign(key);

  it('follows the rotation of a client’s keys at its jwks_uri', async () => {
    const publish = async (kid: string): Promise<CryptoKey> => {
      const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
      const key = { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'RS256' };
      published.set('/rotating', JSON.stringify({ keys: [key] }));
      return privateKey;
    };
    const first = await publish('first');
    const client = await registered(provider, {
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: `${at}/rotating`,
    });
    const token = async (key: CryptoKey, kid: string): Promise<number> =>
      (
        await send(`${provider.base}/oauth/token`, {
          method: 'POST',
          body: new URLSearchParams({
            grant_type: 'client_credentials',
            client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
            client_assertion: await assertion(client.client_id, key, kid),
          }).toString(),
          headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        })
      ).status;
    expect(await token(first, 'first')).toBe(200);
    const second = await publish('second');
    expect(await token(second, 'second')).toBe(200);
  });

  it('rotates its own keys between two logins: both ID tokens hold', async () => {
    const rp = await RelyingParty.register(provider, 'code');
    const before = await rp.logIn(new Browser(), person);
    const keys = provider.app.get(KeysService);
    const [made] = await keys.generate(['RS256']);
    if (!made) throw new Error('no key');
    // Signs from the next second on: two of one second have no order.
    provider.clock.advance(1);
    await provider.store.run((unit) => keys.add(unit, made, provider.clock.now(), provider.clock.now()));
    keys.forget();
    const after = await rp.logIn(new Browser(), person);
    const kidOf = (text: string): unknown =>
      (JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;
    expect(kidOf(after.idTokenText)).not.toBe(kidOf(before.idTokenText));
    const kids = (await rp.keys()).keys.map((key) => key.kid);
    expect(kids).toEqual(expect.arrayContaining([kidOf(before.idTokenText), kidOf(after.idTokenText)]));
  });

  it('fetches a request object from where the client registered it, and from nowhere else', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const rp = await RelyingParty.register(provider, 'code', 'default', {
      request_uris: [`${at}/object`],
      jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', use: 'sig', alg: 'RS256' }] },
    });
    const { parameters, verifier } = rp.request();
    published.set(
      '/object',
      await new SignJWT({ ...parameters, iss: rp.client.client_id, aud: provider.issuer })
        .setProtectedHeader({ alg: 'RS256', kid: 'k' })
        .sign(privateKey),
    );
    const answer = await rp.ask(new Browser(), { ...parameters, request_uri: `${at}/object` }, person);
    await rp.finish(answer, parameters, verifier);
    const elsewhere = await rp.ask(new Browser(), { ...parameters, request_uri: `${at}/other` });
    expect(elsewhere.parameters.get('error')).toBe('invalid_request_uri');
  });
});
