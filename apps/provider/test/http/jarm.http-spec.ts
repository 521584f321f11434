import {
  createLocalJWKSet,
  jwtVerify,
  compactDecrypt,
  decodeProtectedHeader,
  importJWK,
  type JSONWebKeySet,
} from 'jose';
import { keyFromSecret } from '@gatehouse/domain/jose';
import type { ClientDraft } from '@gatehouse/domain/oauth';
import { Browser, formOf, send, type Answer } from '../support/browser';
import { authorizationRequest, authorizeUrl, redeem, startProvider, type TestProvider } from '../support/provider';
import type { Registered } from '../support/tokens';

type Overrides = Readonly<Record<string, string | undefined>>;

let provider: TestProvider;
let browser: Browser;
let keys: ReturnType<typeof createLocalJWKSet>;
beforeAll(async () => {
  provider = await startProvider();
  browser = await provider.logIn(await provider.addUser());
  keys = createLocalJWKSet((await send(`${provider.base}/.well-known/jwks.json`)).json<JSONWebKeySet>());
});
afterAll(() => provider.close());

const add = (draft: Partial<ClientDraft> = {}): Promise<Registered> =>
  provider.addClient({
    consentRequired: false,
    grantTypes: ['authorization_code', 'implicit'],
    responseTypes: ['code', 'code id_token', 'id_token'],
    ...draft,
  });

const ask = ({ client }: Registered, overrides: Overrides, by = browser): Promise<Answer> =>
  by.open(authorizeUrl(provider, authorizationRequest(client, overrides).parameters));

/** The parameters of the answer, and where they stood. */
function partsOf(answer: Answer): { place: string; parameters: Record<string, string> } {
  if (answer.location === undefined)
    return { place: 'form', parameters: Object.fromEntries(formOf(answer.text).fields) };
  const { search, hash } = new URL(answer.location);
  const place = hash === '' ? 'query' : 'fragment';
  return { place, parameters: Object.fromEntries(new URLSearchParams(place === 'query' ? search : hash.slice(1))) };
}

async function verify(registered: Registered, answer: Answer, alg = 'RS256'): Promise<Record<string, unknown>> {
  const { parameters } = partsOf(answer);
  expect(Object.keys(parameters)).toEqual(['response']);
  const options = {
    issuer: provider.issuer,
    audience: registered.client.id,
    algorithms: [alg],
    currentDate: new Date(provider.clock.now() * 1000),
  };
  const jwt = parameters['response'] ?? '';
  return (
    await (alg.startsWith('HS')
      ? jwtVerify(jwt, Buffer.from(registered.secret), options)
      : jwtVerify(jwt, keys, options))
  ).payload;
}

describe('an answer as a JWT (JARM 2)', () => {
  it.each([
    ['query.jwt', 'code', 'query'],
    ['fragment.jwt', 'code', 'fragment'],
    ['form_post.jwt', 'code', 'form'],
    ['jwt', 'code', 'query'],
    ['jwt', 'code id_token', 'fragment'],
    ['fragment.jwt', 'id_token', 'fragment'],
  ])('by response_mode=%s to response_type=%s is in the %s', async (mode, responseType, place) => {
    const registered = await add();
    const answer = await ask(registered, { response_mode: mode, response_type: responseType });
    expect(partsOf(answer).place).toBe(place);
    const claims = await verify(registered, answer);
    expect(claims).toMatchObject({
      iss: provider.issuer,
      aud: registered.client.id,
      exp: provider.clock.now() + 300,
      state: 'some-state',
      ...Object.fromEntries(responseType.split(' ').map((word) => [word, expect.any(String) as string])),
    });
  });

  it('holds a code that is redeemed as any other', async () => {
    const registered = await add();
    const { parameters, proof } = authorizationRequest(registered.client, { response_mode: 'jwt' });
    const claims = await verify(registered, await browser.open(authorizeUrl(provider, parameters)));
    expect((await redeem(provider, registered, String(claims['code']), proof.verifier)).status).toBe(200);
  });

  it.each(['ES256', 'PS384', 'EdDSA', 'HS256'] as const)('is signed by the registered %s (JARM 3)', async (alg) => {
    const registered = await add({ authorizationSignedResponseAlg: alg });
    const answer = await ask(registered, { response_mode: 'jwt' });
    expect(await verify(registered, answer, alg)).toHaveProperty('code');
  });

  it('is encrypted where that is registered, the signed one inside (JARM 2.2)', async () => {
    const registered = await add({
      authorizationSignedResponseAlg: 'ES256',
      authorizationEncryptedResponseAlg: 'A256KW',
      authorizationEncryptedResponseEnc: 'A256GCM',
    });
    const answer = await ask(registered, { response_mode: 'query.jwt', response_type: 'code id_token' });
    const { place, parameters } = partsOf(answer);
    expect(place).toBe('query');
    const jwe = parameters['response'] ?? '';
    expect(decodeProtectedHeader(jwe)).toMatchObject({ alg: 'A256KW', enc: 'A256GCM', cty: 'JWT' });
    const { plaintext } = await compactDecrypt(jwe, keyFromSecret(registered.secret, 'A256KW', 'A256GCM'));
    const { payload } = await jwtVerify(Buffer.from(plaintext).toString(), keys, {
      currentDate: new Date(provider.clock.now() * 1000),
    });
    expect(payload).toMatchObject({ aud: registered.client.id, state: 'some-state' });
    await expect(
      importJWK({ kty: 'oct', k: 'AA' }, 'A256KW').then((key) => compactDecrypt(jwe, key)),
    ).rejects.toThrow();
  });

  it('never goes in the clear, and grants nothing, where the registered encryption has no key', async () => {
    const registered = await add({
      authorizationEncryptedResponseAlg: 'RSA-OAEP-256',
      jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }] },
    });
    for (const overrides of [{}, { scope: 'openid unregistered' }]) {
      const answer = await ask(registered, { response_mode: 'query.jwt', ...overrides });
      expect([answer.status, answer.location]).toEqual([400, undefined]);
      expect(answer.text).not.toContain('code=');
    }
  });
});

describe('errors', () => {
  it.each<[string, Overrides]>([
    ['invalid_scope', { scope: 'openid unregistered' }],
    ['login_required', { prompt: 'none' }],
    ['unsupported_response_type', { response_type: 'nonsense' }],
    ['invalid_request', { code_challenge: undefined, code_challenge_method: undefined }],
  ])('%s is told by a JWT as well (JARM 2.1)', async (error, overrides) => {
    const registered = await add();
    const claims = await verify(
      registered,
      await ask(registered, { response_mode: 'jwt', ...overrides }, new Browser()),
    );
    expect(claims).toMatchObject({ error, state: 'some-state', iss: provider.issuer, aud: registered.client.id });
    expect(claims).not.toHaveProperty('code');
  });

  it('query.jwt is rejected for an answer with a token in it that is not encrypted (JARM 2.3.1)', async () => {
    const registered = await add();
    const answer = await ask(registered, { response_mode: 'query.jwt', response_type: 'code id_token' });
    expect(await verify(registered, answer)).toMatchObject({ error: 'invalid_request' });
  });

  it('a response_mode that is none is rejected as before', async () => {
    const answer = await ask(await add(), { response_mode: 'jwt.jwt' });
    expect(partsOf(answer).parameters['error']).toBe('invalid_request');
  });
});
