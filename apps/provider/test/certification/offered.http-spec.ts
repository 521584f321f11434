import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { Browser, send } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';
import { register } from '../support/registration';
import { callback, certificationSettings, RelyingParty } from './support/relying-party';

/** What is offered is tried, and what is not offered is rejected: the lists come from the document itself. */
describe('everything that the discovery document offers', () => {
  let provider: TestProvider;
  let person: Awaited<ReturnType<TestProvider['addUser']>>;
  let metadata: Record<string, string[]>;

  beforeAll(async () => {
    provider = await startProvider({ tls: true, env: certificationSettings });
    person = await provider.addUser();
    metadata = (await send(`${provider.base}/.well-known/openid-configuration`)).json<Record<string, string[]>>();
  });
  afterAll(() => provider.close());

  const offered = (name: string): readonly string[] => {
    const list = metadata[name];
    if (!Array.isArray(list) || list.length === 0) throw new Error(`${name} is not offered`);
    return list;
  };
  const registers = async (more: object): Promise<{ status: number; error: unknown }> => {
    const answer = await register(provider, { redirect_uris: [callback], ...more });
    return { status: answer.status, error: answer.json()['error'] };
  };

  it('response_types_supported: each logs in', async () => {
    for (const responseType of offered('response_types_supported')) {
      const rp = await RelyingParty.register(provider, responseType);
      await rp.logIn(new Browser(), person);
    }
    expect((await registers({ response_types: ['token'] })).error).toBe('invalid_client_metadata');
  });

  it('response_modes_supported: each is answered in', async () => {
    const browser = await provider.logIn(person);
    const rp = await RelyingParty.register(provider, 'code');
    await rp.logIn(browser, person);
    for (const response_mode of offered('response_modes_supported')) {
      const page = await browser.open(rp.url(rp.request({ response_mode }).parameters));
      const text = `${page.location ?? ''}${page.text}`;
      expect({ response_mode, answered: /code|response/.test(text) && text.includes(callback.slice(8, 30)) }).toEqual({
        response_mode,
        answered: true,
      });
      expect(text).not.toContain('error=');
    }
    const unknown = await browser.open(rp.url(rp.request({ response_mode: 'web_message' }).parameters));
    expect(new URL(unknown.location ?? '').searchParams.get('error')).toBe('invalid_request');
  });

  it('id_token_signing_alg_values_supported: each signs, by a key that is published', async () => {
    const keys = createLocalJWKSet(await (await RelyingParty.register(provider, 'code')).keys());
    for (const alg of offered('id_token_signing_alg_values_supported')) {
      const rp = await RelyingParty.register(provider, 'code', 'default', { id_token_signed_response_alg: alg });
      const { parameters, verifier } = rp.request();
      const answer = await rp.ask(new Browser(), parameters, person);
      const tokens = await rp.redeem(answer.parameters.get('code') ?? '', verifier);
      const idToken = tokens.json<{ id_token: string }>().id_token;
      expect(decodeProtectedHeader(idToken).alg).toBe(alg);
      const key = alg.startsWith('HS') ? Buffer.from(String(rp.client.client_secret)) : keys;
      await jwtVerify(idToken, key as typeof keys, {
        audience: rp.client.client_id,
        currentDate: new Date(provider.clock.now() * 1000),
      });
    }
    expect((await registers({ id_token_signed_response_alg: 'ES256K' })).error).toBe('invalid_client_metadata');
  });

  it('userinfo_signing_alg_values_supported: each signs UserInfo', async () => {
    for (const alg of offered('userinfo_signing_alg_values_supported')) {
      const rp = await RelyingParty.register(provider, 'code', 'default', { userinfo_signed_response_alg: alg });
      const done = await rp.logIn(new Browser(), person);
      const answer = await rp.userinfo(done.accessToken ?? '');
      expect(answer.headers['content-type']).toMatch(/^application\/jwt/);
      expect(decodeProtectedHeader(answer.text).alg).toBe(alg);
    }
  });

  it('scopes_supported and claims_supported: each scope is granted, each claim may be asked for', async () => {
    const rp = await RelyingParty.register(provider, 'code');
    const scopes = offered('scopes_supported').filter((scope) => scope !== 'roles' && !scope.startsWith('gatehouse:'));
    const done = await rp.logIn(new Browser(), person, { scope: scopes.join(' '), prompt: 'consent' });
    expect(String(done.tokenAnswer?.json()['scope']).split(' ').sort()).toEqual([...scopes].sort());
    const userinfo = Object.fromEntries(offered('claims_supported').map((claim) => [claim, null]));
    await rp.logIn(new Browser(), person, { claims: JSON.stringify({ userinfo }) });
    const unknown = await rp.ask(new Browser(), rp.request({ scope: 'openid made_up' }).parameters);
    expect(unknown.parameters.get('error')).toBe('invalid_scope');
  });

  it('subject_types_supported: public and pairwise', async () => {
    expect([...offered('subject_types_supported')].sort()).toEqual(['pairwise', 'public']);
    const rp = await RelyingParty.register(provider, 'code', 'default', { subject_type: 'pairwise' });
    expect((await rp.logIn(new Browser(), person)).idToken.sub).not.toBe(person.id);
    expect((await registers({ subject_type: 'ephemeral' })).error).toBe('invalid_client_metadata');
  });

  it('prompt_values_supported: each is understood, and no other', async () => {
    const rp = await RelyingParty.register(provider, 'code');
    const browser = await provider.logIn(person);
    await rp.logIn(browser, person);
    for (const prompt of offered('prompt_values_supported')) {
      const page = await browser.open(rp.url(rp.request({ prompt }).parameters));
      expect({ prompt, location: page.location?.includes('error=') ?? false }).toEqual({ prompt, location: false });
    }
    const answer = await rp.ask(browser, rp.request({ prompt: 'dance' }).parameters);
    expect(answer.parameters.get('error')).toBe('invalid_request');
  });

  it('token_endpoint_auth_methods_supported: each can be registered, and no other', async () => {
    for (const method of offered('token_endpoint_auth_methods_supported')) {
      const keys = method === 'private_key_jwt' ? { jwks_uri: 'https://rp.certification.test/jwks' } : {};
      expect({ method, ...(await registers({ token_endpoint_auth_method: method, ...keys })) }).toMatchObject({
        method,
        status: 201,
      });
    }
    const answer = await registers({ token_endpoint_auth_method: 'tls_client_auth' });
    expect(answer).toEqual({ status: 400, error: 'invalid_client_metadata' });
  });

  it('encryption of ID tokens, UserInfo and request objects: each can be registered, and RSA1_5 not', async () => {
    const jwks_uri = 'https://rp.certification.test/jwks';
    for (const kind of ['id_token', 'userinfo', 'request_object'] as const) {
      const [alg, enc] =
        kind === 'request_object'
          ? ['request_object_encryption_alg', 'request_object_encryption_enc']
          : [`${kind}_encrypted_response_alg`, `${kind}_encrypted_response_enc`];
      for (const value of offered(`${kind}_encryption_alg_values_supported`))
        for (const content of offered(`${kind}_encryption_enc_values_supported`))
          expect({ value, content, ...(await registers({ jwks_uri, [alg]: value, [enc]: content })) }).toMatchObject({
            value,
            content,
            status: 201,
          });
      expect((await registers({ jwks_uri, [alg]: 'RSA1_5' })).error).toBe('invalid_client_metadata');
    }
  });
});
