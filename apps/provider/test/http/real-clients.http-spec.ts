import { exportJWK, generateKeyPair } from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { startProvider, type TestProvider } from '../support/provider';

const redirectUri = 'http://localhost:3000/callback';

describe('a well-known library', () => {
  let provider: TestProvider;
  let id: string;
  let secret: string;

  beforeAll(async () => {
    // Libraries check instants against the clock on the wall.
    provider = await startProvider();
    provider.clock.advance(Math.floor(Date.now() / 1000) - provider.clock.now());
    const registered = await provider.addClient({
      redirectUris: [redirectUri],
      authMethod: 'client_secret_post',
      grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
      scope: ['openid', 'profile', 'offline_access', 'reports'],
    });
    id = registered.client.id;
    secret = registered.secret;
  });
  afterAll(() => provider.close());

  const answerTo = async (url: URL): Promise<URL> => {
    const browser = await provider.logIn(await provider.addUser({ name: 'Ada' }));
    let answer = await browser.open(url.href);
    if (answer.status === 200) answer = await browser.submit({ confirm: 'yes' });
    return new URL(answer.location ?? '');
  };

  it('openid-client logs in by the five lines of the README, refreshes, asks for claims and revokes', async () => {
    const config = await client.discovery(new URL(provider.issuer), id, secret, undefined, {
      execute: [client.allowInsecureRequests],
    });
    const verifier = client.randomPKCECodeVerifier();
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: 'openid profile offline_access',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const tokens = await client.authorizationCodeGrant(config, await answerTo(url), { pkceCodeVerifier: verifier });
    const claims = tokens.claims();
    expect(claims).toMatchObject({ iss: provider.issuer, aud: id });

    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token ?? '');
    expect(refreshed.access_token).not.toBe(tokens.access_token);
    const info = await client.fetchUserInfo(config, refreshed.access_token, claims?.sub ?? '');
    expect(info.name).toBe('Ada');
    expect((await client.tokenIntrospection(config, refreshed.access_token)).active).toBe(true);
    await client.tokenRevocation(config, refreshed.refresh_token ?? '');
    expect((await client.tokenIntrospection(config, refreshed.access_token)).active).toBe(false);

    const own = await client.clientCredentialsGrant(config, { scope: 'reports' });
    expect(own.scope).toBe('reports');
  });

  it('oauth4webapi validates every answer of a login, signatures too', async () => {
    const insecure = { [oauth.allowInsecureRequests]: true };
    const issuer = new URL(provider.issuer);
    const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
    const me: oauth.Client = { client_id: id };
    const auth = oauth.ClientSecretPost(secret);
    const verifier = oauth.generateRandomCodeVerifier();
    const nonce = oauth.generateRandomNonce();
    const state = oauth.generateRandomState();
    const url = new URL(server.authorization_endpoint ?? '');
    url.search = new URLSearchParams({
      client_id: id,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'openid',
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      nonce,
      state,
    }).toString();
    const parameters = oauth.validateAuthResponse(server, me, await answerTo(url), state);
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      me,
      auth,
      parameters,
      redirectUri,
      verifier,
      insecure,
    );
    const tokens = await oauth.processAuthorizationCodeResponse(server, me, response, {
      expectedNonce: nonce,
      requireIdToken: true,
    });
    await oauth.validateApplicationLevelSignature(server, response, insecure);
    expect(oauth.getValidatedIdTokenClaims(tokens)?.iss).toBe(provider.issuer);
  });

  describe('openid-client', () => {
    const discover = async (...extensions: ((config: client.Configuration) => void)[]) => {
      const registered = await provider.addClient({
        redirectUris: [redirectUri],
        authMethod: 'client_secret_post',
        grantTypes: ['authorization_code', 'implicit', 'refresh_token'],
        responseTypes: ['id_token', 'code id_token'],
        scope: ['openid', 'profile', 'offline_access'],
      });
      return client.discovery(new URL(provider.issuer), registered.client.id, registered.secret, undefined, {
        execute: [client.allowInsecureRequests, ...extensions],
      });
    };

    it('takes an ID token from the fragment (implicitAuthentication), claims of the scopes in it', async () => {
      const config = await discover(client.useIdTokenResponseType);
      const nonce = client.randomNonce();
      const state = client.randomState();
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: 'openid profile',
        nonce,
        state,
      });
      expect(url.searchParams.get('response_type')).toBe('id_token');
      const claims = await client.implicitAuthentication(config, await answerTo(url), nonce, { expectedState: state });
      expect(claims).toMatchObject({ iss: provider.issuer, name: 'Ada' });
    });

    it('logs in by the hybrid flow: checks c_hash and nonce, then redeems the code', async () => {
      const config = await discover(client.useCodeIdTokenResponseType);
      const nonce = client.randomNonce();
      const state = client.randomState();
      const verifier = client.randomPKCECodeVerifier();
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: 'openid profile offline_access',
        nonce,
        state,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      expect(url.searchParams.get('response_type')).toBe('code id_token');
      const tokens = await client.authorizationCodeGrant(config, await answerTo(url), {
        pkceCodeVerifier: verifier,
        expectedNonce: nonce,
        expectedState: state,
      });
      expect(tokens.claims()).toMatchObject({ iss: provider.issuer, nonce });
      expect(tokens.refresh_token).toBeDefined();
    });

    it.each(['ES256', 'PS256', 'EdDSA'])('sends its request as a request object signed by %s (JAR)', async (alg) => {
      const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
      const jwk = { ...(await exportJWK(publicKey)), kid: 'mine', alg, use: 'sig' };
      const registered = await provider.addClient({
        redirectUris: [redirectUri],
        authMethod: 'client_secret_post',
        jwks: { keys: [jwk] },
        requestObjectSigningAlg: alg,
      });
      const config = await client.discovery(
        new URL(provider.issuer),
        registered.client.id,
        registered.secret,
        undefined,
        { execute: [client.allowInsecureRequests] },
      );
      const state = client.randomState();
      const verifier = client.randomPKCECodeVerifier();
      const url = await client.buildAuthorizationUrlWithJAR(
        config,
        {
          redirect_uri: redirectUri,
          scope: 'openid profile',
          state,
          code_challenge: await client.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
        },
        { key: privateKey, kid: 'mine' },
        {
          [client.modifyAssertion]: (header) => {
            if (header['alg'] === 'Ed25519') header['alg'] = 'EdDSA';
          },
        },
      );
      expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request']);
      const tokens = await client.authorizationCodeGrant(config, await answerTo(url), {
        pkceCodeVerifier: verifier,
        expectedState: state,
      });
      expect(tokens.claims()?.iss).toBe(provider.issuer);
    });

    it('logs in by the hybrid flow with its detached signature checked: s_hash too (FAPI 1.0 Advanced 5.2.2.1)', async () => {
      const config = await discover(client.useCodeIdTokenResponseType, client.enableDetachedSignatureResponseChecks);
      const nonce = client.randomNonce();
      const state = client.randomState();
      const verifier = client.randomPKCECodeVerifier();
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: 'openid',
        nonce,
        state,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      const tokens = await client.authorizationCodeGrant(config, await answerTo(url), {
        pkceCodeVerifier: verifier,
        expectedNonce: nonce,
        expectedState: state,
      });
      expect(tokens.claims()?.nonce).toBe(nonce);
    });
  });

  describe('with keys of its own', () => {
    const all = {
      redirectUris: [redirectUri],
      grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
      scope: ['openid', 'profile', 'offline_access', 'reports'],
    };
    beforeEach(() => provider.clock.advance(Math.floor(Date.now() / 1000) - provider.clock.now()));

    /** A whole login, refresh, introspection and revocation, each request with an assertion of its own. */
    async function useEverywhere(config: client.Configuration): Promise<client.IDToken | undefined> {
      const verifier = client.randomPKCECodeVerifier();
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: 'openid profile offline_access',
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      const tokens = await client.authorizationCodeGrant(config, await answerTo(url), { pkceCodeVerifier: verifier });
      const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token ?? '');
      expect((await client.tokenIntrospection(config, refreshed.access_token)).active).toBe(true);
      await client.tokenRevocation(config, refreshed.refresh_token ?? '');
      expect((await client.tokenIntrospection(config, refreshed.access_token)).active).toBe(false);
      expect((await client.clientCredentialsGrant(config, { scope: 'reports' })).scope).toBe('reports');
      return tokens.claims();
    }

    async function keyPair(alg: string) {
      const pair = await generateKeyPair(alg, { extractable: true });
      return { pair, jwk: { ...(await exportJWK(pair.publicKey)), alg, kid: `${alg} key`, use: 'sig' } };
    }

    it.each(['ES256', 'PS256', 'Ed25519'])('openid-client authenticates by private_key_jwt with %s', async (alg) => {
      const { pair, jwk } = await keyPair(alg);
      const registered = await provider.addClient({
        ...all,
        authMethod: 'private_key_jwt',
        jwks: { keys: [jwk] },
        idTokenSignedResponseAlg: alg,
      });
      const config = await client.discovery(
        new URL(provider.issuer),
        registered.client.id,
        { id_token_signed_response_alg: alg },
        client.PrivateKeyJwt({ key: pair.privateKey, kid: jwk.kid }),
        { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
      );
      expect(await useEverywhere(config)).toMatchObject({ iss: provider.issuer, aud: registered.client.id });
    });

    it('openid-client authenticates by client_secret_jwt, and takes ID tokens by HS256', async () => {
      const registered = await provider.addClient({
        ...all,
        authMethod: 'client_secret_jwt',
        idTokenSignedResponseAlg: 'HS256',
      });
      const config = await client.discovery(
        new URL(provider.issuer),
        registered.client.id,
        { client_secret: registered.secret, id_token_signed_response_alg: 'HS256' },
        client.ClientSecretJwt(registered.secret),
        { execute: [client.allowInsecureRequests] },
      );
      expect(await useEverywhere(config)).toMatchObject({ iss: provider.issuer, aud: registered.client.id });
    });

    it('openid-client decrypts ID tokens that are encrypted to it', async () => {
      const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
      const { crv, kty, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
      const registered = await provider.addClient({
        ...all,
        jwks: { keys: [{ crv, kty, x, y, use: 'enc', kid: 'mine' }] },
        idTokenEncryptedResponseAlg: 'ECDH-ES',
        idTokenEncryptedResponseEnc: 'A256GCM',
      });
      const config = await client.discovery(
        new URL(provider.issuer),
        registered.client.id,
        undefined,
        client.ClientSecretBasic(registered.secret),
        { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
      );
      client.enableDecryptingResponses(config, ['A256GCM'], { key: pair.privateKey, alg: 'ECDH-ES', kid: 'mine' });
      expect(await useEverywhere(config)).toMatchObject({ iss: provider.issuer, aud: registered.client.id });
    });

    it('oauth4webapi authenticates by both kinds of assertion, and not a second time by the same', async () => {
      const insecure = { [oauth.allowInsecureRequests]: true };
      const issuer = new URL(provider.issuer);
      const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
      const { pair, jwk } = await keyPair('ES384');
      const byKey = await provider.addClient({
        ...all,
        authMethod: 'private_key_jwt',
        jwks: { keys: [jwk] },
      });
      const bySecret = await provider.addClient({ ...all, authMethod: 'client_secret_jwt' });
      const ask = async (id: string, auth: oauth.ClientAuth): Promise<oauth.TokenEndpointResponse> => {
        const me = { client_id: id };
        return oauth.processClientCredentialsResponse(
          server,
          me,
          await oauth.clientCredentialsGrantRequest(server, me, auth, { scope: 'reports' }, insecure),
        );
      };
      const sameId = {
        [oauth.modifyAssertion]: (_header: object, claims: Record<string, unknown>) => void (claims['jti'] = 'same'),
      };
      const privateKey = { key: pair.privateKey, kid: jwk.kid };
      expect((await ask(byKey.client.id, oauth.PrivateKeyJwt(privateKey))).scope).toBe('reports');
      expect((await ask(bySecret.client.id, oauth.ClientSecretJwt(bySecret.secret))).scope).toBe('reports');
      expect((await ask(byKey.client.id, oauth.PrivateKeyJwt(privateKey, sameId))).scope).toBe('reports');
      await expect(ask(byKey.client.id, oauth.PrivateKeyJwt(privateKey, sameId))).rejects.toMatchObject({
        status: 401,
      });
    });
  });
});
