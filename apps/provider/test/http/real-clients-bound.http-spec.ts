import * as client from 'openid-client';
import { startProvider, type ProviderOptions, type TestProvider } from '../support/provider';
import type { ClientDraft } from '@gatehouse/domain/oauth';

const redirectUri = 'http://localhost:3000/callback';

let provider: TestProvider;

async function start(env: ProviderOptions['env'] = {}): Promise<void> {
  // Libraries check instants against the clock on the wall.
  provider = await startProvider({ env });
  provider.clock.advance(Math.floor(Date.now() / 1000) - provider.clock.now());
}

async function discover(
  draft: Partial<ClientDraft>,
  ...extensions: ((config: client.Configuration) => void)[]
): Promise<client.Configuration> {
  const registered = await provider.addClient({
    redirectUris: [redirectUri],
    consentRequired: false,
    scope: ['openid', 'profile', 'offline_access'],
    authMethod: 'client_secret_post',
    ...draft,
  });
  const isPublic = registered.client.type === 'public';
  return client.discovery(
    new URL(provider.issuer),
    registered.client.id,
    isPublic ? undefined : registered.secret,
    isPublic ? client.None() : undefined,
    { execute: [client.allowInsecureRequests, ...extensions] },
  );
}

async function answerTo(url: URL): Promise<URL> {
  const browser = await provider.logIn(await provider.addUser({ name: 'Ada' }));
  return new URL((await browser.open(url.href)).location ?? '');
}

async function request(scope = 'openid profile offline_access'): Promise<{
  verifier: string;
  state: string;
  parameters: Record<string, string>;
}> {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const parameters = {
    redirect_uri: redirectUri,
    scope,
    state,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  };
  return { verifier, state, parameters };
}

describe('openid-client', () => {
  beforeAll(() => start());
  afterAll(() => provider.close());

  it('pushes its request and logs in by the request_uri (RFC 9126)', async () => {
    const config = await discover({ requirePushedAuthorizationRequests: true });
    expect(config.serverMetadata().pushed_authorization_request_endpoint).toBe(`${provider.issuer}/oauth/par`);
    const { verifier, state, parameters } = await request();
    const url = await client.buildAuthorizationUrlWithPAR(config, parameters);
    expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri']);
    const tokens = await client.authorizationCodeGrant(config, await answerTo(url), {
      pkceCodeVerifier: verifier,
      expectedState: state,
    });
    expect(tokens.claims()?.iss).toBe(provider.issuer);
  });

  it('takes the answer as a JWT and verifies it (JARM)', async () => {
    const config = await discover({}, client.useJwtResponseMode);
    const { verifier, state, parameters } = await request();
    const url = client.buildAuthorizationUrl(config, parameters);
    expect(url.searchParams.get('response_mode')).toBe('jwt');
    const answer = await answerTo(url);
    expect([...answer.searchParams.keys()]).toEqual(['response']);
    const tokens = await client.authorizationCodeGrant(config, answer, {
      pkceCodeVerifier: verifier,
      expectedState: state,
    });
    expect(tokens.access_token).toMatch(/./);
  });
});

describe.each([
  ['without nonces', {}],
  ['with nonces of the server', { GATEHOUSE_DPOP_NONCE: 'on' }],
])('openid-client by DPoP (RFC 9449), %s,', (_name, env) => {
  beforeAll(() => start(env));
  afterAll(() => provider.close());

  it('pushes, redeems, refreshes and opens UserInfo as a public client, bound to its key all the way', async () => {
    const config = await discover({ type: 'public', authMethod: 'none', dpopBoundAccessTokens: true });
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
    const { verifier, state, parameters } = await request();
    const url = await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP });
    const tokens = await client.authorizationCodeGrant(
      config,
      await answerTo(url),
      { pkceCodeVerifier: verifier, expectedState: state },
      undefined,
      { DPoP },
    );
    expect(tokens.token_type).toBe('dpop');
    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, { DPoP });
    const info = await client.fetchUserInfo(config, refreshed.access_token, tokens.claims()?.sub ?? '', { DPoP });
    expect(info.name).toBe('Ada');
    const me = await client.fetchProtectedResource(
      config,
      refreshed.access_token,
      new URL(`${provider.issuer}/api/me`),
      'GET',
      undefined,
      undefined,
      { DPoP },
    );
    expect(me.status).toBe(200);
    await expect(client.fetchUserInfo(config, refreshed.access_token, tokens.claims()?.sub ?? '')).rejects.toThrow();
  });
});
