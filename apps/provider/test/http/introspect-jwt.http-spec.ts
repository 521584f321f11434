import { compactDecrypt, createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import { keyFromSecret } from '@gatehouse/domain/jose';
import type { ClientDraft } from '@gatehouse/domain/oauth';
import { send, type Answer } from '../support/browser';
import { basic, post, startProvider, type TestProvider } from '../support/provider';
import type { Registered, Tokens } from '../support/tokens';

const jwtType = 'application/token-introspection+jwt';

let provider: TestProvider;
let keys: ReturnType<typeof createLocalJWKSet>;
beforeAll(async () => {
  provider = await startProvider();
  keys = createLocalJWKSet((await send(`${provider.base}/.well-known/jwks.json`)).json<JSONWebKeySet>());
});
afterAll(() => provider.close());

const add = (draft: Partial<ClientDraft> = {}): Promise<Registered> =>
  provider.addClient({ grantTypes: ['client_credentials'], redirectUris: [], scope: ['reports'], ...draft });

async function tokenOf({ client, secret }: Registered): Promise<string> {
  const headers = { Authorization: basic(client, secret) };
  const answer = await post(`${provider.base}/oauth/token`, { grant_type: 'client_credentials' }, headers);
  return answer.json<Tokens>().access_token;
}

const ask = ({ client, secret }: Registered, token: string, Accept = jwtType): Promise<Answer> =>
  post(`${provider.base}/oauth/introspect`, { token }, { Authorization: basic(client, secret), Accept });

describe('introspection as a JWT (RFC 9701)', () => {
  it('is signed, typed, for who asked, with the answer in a claim of its own (RFC 9701 5)', async () => {
    const registered = await add();
    const answer = await ask(registered, await tokenOf(registered));
    expect([answer.status, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([
      200,
      jwtType,
      'no-store',
    ]);
    const { payload, protectedHeader } = await jwtVerify(answer.text, keys, {
      typ: 'token-introspection+jwt',
      issuer: provider.issuer,
      audience: registered.client.id,
      currentDate: new Date(provider.clock.now() * 1000),
    });
    expect(protectedHeader.alg).toBe('RS256');
    expect(payload).toMatchObject({
      iat: provider.clock.now(),
      token_introspection: { active: true, client_id: registered.client.id },
    });
    // RFC 9701 5: so that nobody takes it for an access token.
    expect([payload.sub, payload.exp]).toEqual([undefined, undefined]);
  });

  it('says of an unknown token that it is not active, and nothing else', async () => {
    const { payload } = await jwtVerify((await ask(await add(), 'unknown')).text, keys);
    expect(payload['token_introspection']).toEqual({ active: false });
  });

  it.each(['ES256', 'EdDSA', 'HS256'] as const)('is signed by the registered %s (RFC 9701 6)', async (alg) => {
    const registered = await add({ introspectionSignedResponseAlg: alg });
    const { text } = await ask(registered, await tokenOf(registered));
    expect(decodeProtectedHeader(text)).toMatchObject({ alg, typ: 'token-introspection+jwt' });
    await (alg === 'HS256' ? jwtVerify(text, Buffer.from(registered.secret)) : jwtVerify(text, keys));
  });

  it('is encrypted where that is registered', async () => {
    const registered = await add({ introspectionEncryptedResponseAlg: 'dir' });
    const { text } = await ask(registered, await tokenOf(registered));
    const { plaintext } = await compactDecrypt(text, keyFromSecret(registered.secret, 'dir', 'A128CBC-HS256'));
    const { payload } = await jwtVerify(Buffer.from(plaintext).toString(), keys);
    expect(payload['token_introspection']).toMatchObject({ active: true });
  });

  it.each(['application/json', '*/*', 'application/jwt'])('is plain JSON for %s (RFC 9701 4)', async (accept) => {
    const registered = await add({ introspectionSignedResponseAlg: 'ES256' });
    const answer = await ask(registered, await tokenOf(registered), accept);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.json()['active']).toBe(true);
  });

  it('takes several types, in any case', async () => {
    const answer = await ask(await add(), 'unknown', 'application/json, Application/Token-Introspection+JWT;q=1');
    expect(answer.headers['content-type']).toBe(jwtType);
  });

  it('rejects in JSON: a client that does not prove itself gets no JWT', async () => {
    const answer = await ask({ ...(await add()), secret: 'wrong' }, 'unknown');
    expect([answer.status, answer.json()['error']]).toEqual([401, 'invalid_client']);
  });
});
