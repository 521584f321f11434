import { createRemoteJWKSet, jwtVerify, type JWK } from 'jose';
import { macAlgorithms, signatureAlgorithms, type JwsAlgorithm } from '@gatehouse/domain/jose';
import { responseTypeNames } from '@gatehouse/domain/oauth';
import { keyKindNames, signingKind } from '../../src/keys/key-kinds';
import { KeysService } from '../../src/keys/keys.service';
import { send, type Browser } from '../support/browser';
import {
  answerOf,
  authorizationRequest,
  authorizeUrl,
  basic,
  post,
  startProvider,
  type TestProvider,
} from '../support/provider';
import { assertionFields, clientKey, secretKey } from '../support/client-jwts';
import { obtainTokens } from '../support/tokens';

interface Metadata {
  readonly jwks_uri: string;
  readonly token_endpoint: string;
  readonly revocation_endpoint: string;
  readonly introspection_endpoint: string;
  readonly response_types_supported: string[];
  readonly response_modes_supported: string[];
  readonly prompt_values_supported: string[];
  readonly grant_types_supported: string[];
  readonly scopes_supported: string[];
  readonly id_token_signing_alg_values_supported: string[];
  readonly token_endpoint_auth_methods_supported: string[];
  readonly revocation_endpoint_auth_methods_supported: string[];
  readonly introspection_endpoint_auth_methods_supported: string[];
  readonly token_endpoint_auth_signing_alg_values_supported: string[];
  readonly revocation_endpoint_auth_signing_alg_values_supported: string[];
  readonly introspection_endpoint_auth_signing_alg_values_supported: string[];
}

const isMac = (algorithm: string): boolean => macAlgorithms.some((each) => each === algorithm);

describe('discovery', () => {
  let provider: TestProvider;
  let browser: Browser;
  let metadata: Metadata;
  beforeAll(async () => {
    provider = await startProvider();
    browser = await provider.logIn(await provider.addUser());
    metadata = (await send(`${provider.issuer}/.well-known/openid-configuration`)).json<Metadata>();
  });
  afterAll(() => provider.close());

  it.each(['openid-configuration', 'oauth-authorization-server'])(
    '/.well-known/%s names this issuer, for any origin to read (RFC 8414 3)',
    async (name) => {
      const answer = await send(`${provider.issuer}/.well-known/${name}`);
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toMatch(/^application\/json/);
      expect(answer.headers['access-control-allow-origin']).toBe('*');
      expect(answer.json()).toMatchObject({ issuer: provider.issuer });
    },
  );

  it('both documents are the same', async () => {
    expect((await send(`${provider.issuer}/.well-known/oauth-authorization-server`)).json()).toEqual(metadata);
  });

  describe('everything that is offered is there:', () => {
    it('each endpoint answers', async () => {
      const endpoints = Object.entries(metadata as unknown as Record<string, string>).filter(
        ([name]) => name.endsWith('_endpoint') || name === 'jwks_uri',
      );
      expect(endpoints.length).toBeGreaterThanOrEqual(7);
      for (const [name, url] of endpoints) {
        expect(url.startsWith(`${provider.issuer}/`)).toBe(true);
        const posted = /token_endpoint|introspection|revocation/.test(name);
        expect({ name, status: (posted ? await post(url, {}) : await send(url)).status }).not.toEqual({
          name,
          status: 404,
        });
      }
    });

    it('each response mode', async () => {
      const { client } = await provider.addClient({ consentRequired: false });
      for (const mode of metadata.response_modes_supported) {
        const answer = await browser.open(
          authorizeUrl(provider, authorizationRequest(client, { response_mode: mode }).parameters),
        );
        const place = `${answer.location ?? ''}${answer.text}`;
        expect(place).toContain(mode.endsWith('jwt') ? 'response' : 'code');
      }
    });

    it('each response type', async () => {
      const responseTypes = metadata.response_types_supported;
      expect(responseTypes).toEqual([...responseTypeNames]);
      const { client } = await provider.addClient({
        grantTypes: ['authorization_code', 'implicit'],
        responseTypes,
        consentRequired: false,
      });
      for (const responseType of responseTypes) {
        const { parameters } = authorizationRequest(client, { response_type: responseType, response_mode: 'fragment' });
        const { location = '' } = await browser.open(authorizeUrl(provider, parameters));
        expect([...new URLSearchParams(new URL(location).hash.slice(1)).keys()]).toEqual(
          expect.arrayContaining(responseType.split(' ').map((word) => (word === 'token' ? 'access_token' : word))),
        );
      }
    });

    it('each prompt', async () => {
      const { client } = await provider.addClient({ consentRequired: false });
      expect(metadata.prompt_values_supported).toEqual(['none', 'login', 'consent', 'select_account']);
      for (const prompt of metadata.prompt_values_supported) {
        const answer = await browser.open(authorizeUrl(provider, authorizationRequest(client, { prompt }).parameters));
        expect(answer.status === 200 || answerOf(answer).has('code')).toBe(true);
      }
    });

    it('each grant type: none is an unsupported_grant_type', async () => {
      // `implicit` is the authorization endpoint's: the response types below try it.
      const grantTypes = metadata.grant_types_supported.filter((grantType) => grantType !== 'implicit');
      expect(grantTypes).toHaveLength(metadata.grant_types_supported.length - 1);
      const { client, secret } = await provider.addClient({
        grantTypes,
        // What an administrator says with the grant type token exchange.
        tokenExchange: [{ resource: 'urn:api', mode: 'delegation' }],
      });
      for (const grantType of grantTypes) {
        const answer = await post(
          metadata.token_endpoint,
          { grant_type: grantType, code: 'x', refresh_token: 'x' },
          { Authorization: basic(client, secret) },
        );
        expect(['unsupported_grant_type', 'unauthorized_client']).not.toContain(
          answer.json<{ error?: string }>().error,
        );
      }
    });

    it.each(['token', 'revocation', 'introspection'] as const)(
      'each client authentication method at %s',
      async (endpoint) => {
        for (const method of metadata[`${endpoint}_endpoint_auth_methods_supported`]) {
          const key = clientKey('ES256');
          const { client, secret } = await provider.addClient({
            type: method === 'none' ? 'public' : 'confidential',
            authMethod: method,
            ...(method === 'private_key_jwt' ? { jwks: { keys: [key.publicJwk] } } : {}),
          });
          const proofs: Record<string, () => Promise<Record<string, string>>> = {
            none: () => Promise.resolve({ client_id: client.id }),
            client_secret_basic: () => Promise.resolve({}),
            client_secret_post: () => Promise.resolve({ client_id: client.id, client_secret: secret }),
            client_secret_jwt: () => assertionFields(provider, client, secretKey(secret, 'HS256')),
            private_key_jwt: () => assertionFields(provider, client, key),
          };
          const answer = await post(
            metadata[`${endpoint}_endpoint`],
            { grant_type: 'authorization_code', code: 'x', token: 'x', ...(await proofs[method]?.()) },
            method === 'client_secret_basic' ? { Authorization: basic(client, secret) } : {},
          );
          expect({ method, status: answer.status }).not.toEqual({ method, status: 401 });
        }
      },
    );

    it.each(['token', 'revocation', 'introspection'] as const)(
      'each algorithm of client assertions at %s, and no more than the code knows',
      async (endpoint) => {
        const offered = metadata[`${endpoint}_endpoint_auth_signing_alg_values_supported`];
        expect([...offered].sort()).toEqual([...signatureAlgorithms].sort());
        for (const algorithm of offered) {
          const pair = isMac(algorithm) ? undefined : clientKey(algorithm);
          const { client, secret } = await provider.addClient({
            authMethod: pair ? 'private_key_jwt' : 'client_secret_jwt',
            ...(pair ? { jwks: { keys: [pair.publicJwk] } } : {}),
          });
          const fields = await assertionFields(provider, client, pair ?? secretKey(secret, algorithm));
          const answer = await post(metadata[`${endpoint}_endpoint`], {
            grant_type: 'authorization_code',
            code: 'x',
            token: 'x',
            ...fields,
          });
          expect({ algorithm, status: answer.status }).not.toEqual({ algorithm, status: 401 });
        }
      },
    );

    it('each scope can be asked for by a client that is registered for it', async () => {
      const made = await provider.addClient({ scope: [...metadata.scopes_supported], consentRequired: false });
      const tokens = await obtainTokens(provider, browser, made, { scope: metadata.scopes_supported.join(' ') });
      expect(tokens.scope?.split(' ').sort()).toEqual([...metadata.scopes_supported].sort());
    });

    it('each signing algorithm gives ID tokens that the published keys, or the secret, verify', async () => {
      expect([...metadata.id_token_signing_alg_values_supported].sort()).toEqual([...signatureAlgorithms].sort());
      const keys = createRemoteJWKSet(new URL(metadata.jwks_uri));
      for (const algorithm of metadata.id_token_signing_alg_values_supported) {
        const made = await provider.addClient({ idTokenSignedResponseAlg: algorithm, consentRequired: false });
        const { id_token: idToken = '' } = await obtainTokens(provider, browser, made);
        const verified = await jwtVerify(idToken, isMac(algorithm) ? () => Buffer.from(made.secret) : keys, {
          issuer: provider.issuer,
          audience: made.client.id,
          algorithms: [algorithm],
          currentDate: new Date(provider.clock.milliseconds()),
        });
        expect(verified.protectedHeader).toMatchObject({
          alg: algorithm,
          ...(isMac(algorithm) ? {} : { kid: expect.any(String) as unknown }),
        });
      }
    });
  });

  it('what is offered by a word is what there is', () => {
    expect(metadata).toMatchObject({
      code_challenge_methods_supported: ['S256'],
      request_parameter_supported: true,
      request_uri_parameter_supported: true,
      require_request_uri_registration: true,
      claims_parameter_supported: true,
      authorization_response_iss_parameter_supported: true,
    });
  });
});

describe('the JWKS', () => {
  let provider: TestProvider;
  beforeAll(
    async () =>
      (provider = await startProvider({
        env: { GATEHOUSE_KEY_PREPUBLISH_SECONDS: '1000', GATEHOUSE_KEY_RETIRE_SECONDS: '5000' },
      })),
  );
  afterAll(() => provider.close());

  const published = async () => (await send(`${provider.issuer}/.well-known/jwks.json`)).json<{ keys: JWK[] }>().keys;

  async function rotate(algorithm: JwsAlgorithm, after: number): Promise<string> {
    const keys = provider.app.get(KeysService);
    const [key] = await keys.generate([signingKind(algorithm)]);
    if (!key) throw new Error('no key was made');
    const now = provider.clock.now();
    await provider.store.run((unit) => keys.add(unit, key, (now + after) as typeof now, now));
    keys.forget();
    return key.kid;
  }

  async function signingKid(algorithm: JwsAlgorithm): Promise<string> {
    const made = await provider.addClient({ idTokenSignedResponseAlg: algorithm, consentRequired: false });
    const tokens = await obtainTokens(provider, await provider.logIn(await provider.addUser()), made);
    return (JSON.parse(Buffer.from(tokens.id_token?.split('.')[0] ?? '', 'base64url').toString()) as { kid: string })
      .kid;
  }

  it('has a key of each kind from the first start, for any origin to read, and nothing private (RFC 7517 9.2)', async () => {
    const answer = await send(`${provider.issuer}/.well-known/jwks.json`);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    const keys = await published();
    // A key that serves several algorithms names none: a relying party would refuse the others.
    expect(keys.map(({ kty, crv, alg, use }) => [use, kty, crv, alg])).toEqual(
      expect.arrayContaining([
        ['sig', 'RSA', undefined, undefined],
        ['sig', 'EC', 'P-256', 'ES256'],
        ['sig', 'EC', 'P-384', 'ES384'],
        ['sig', 'EC', 'P-521', 'ES512'],
        ['sig', 'OKP', 'Ed25519', undefined],
        ['enc', 'RSA', undefined, undefined],
        ['enc', 'EC', 'P-256', undefined],
      ]),
    );
    expect(keys).toHaveLength(keyKindNames.length);
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length);
    for (const key of keys) {
      expect(key).toMatchObject({ kid: expect.stringMatching(/^[\w-]{43}$/) as unknown });
      for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(key).not.toHaveProperty(secret);
    }
  });

  it.each(['RS256', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const)(
    '%s: a new key is published before it signs, and the old one stays until nothing of it is alive',
    async (algorithm) => {
      const old = await signingKid(algorithm);
      const fresh = await rotate(algorithm, 1000);
      const kids = async () => (await published()).map((key) => key.kid);
      expect(await kids()).toEqual(expect.arrayContaining([old, fresh]));
      expect(await signingKid(algorithm)).toBe(old);
      provider.clock.advance(1000);
      expect(await signingKid(algorithm)).toBe(fresh);
      expect(await kids()).toEqual(expect.arrayContaining([old, fresh]));
      provider.clock.advance(4999);
      expect(await kids()).toContain(old);
      provider.clock.advance(1);
      expect(await kids()).not.toContain(old);
      expect(await signingKid(algorithm)).toBe(fresh);
    },
  );
});
