import { KeyObject } from 'node:crypto';
import * as client from 'openid-client';
import type { SecurityProfileName } from '@gatehouse/domain/oauth';
import { addFapiClient } from '../support/fapi';
import { startProvider, type TestProvider } from '../support/provider';

const redirectUri = 'https://client.test/callback';

describe.each<[SecurityProfileName, string]>([
  ['fapi-2-security', 'ES256'],
  ['fapi-2-security', 'PS256'],
  ['fapi-2-message-signing', 'ES256'],
])('openid-client under %s, signing by %s', (securityProfile, alg) => {
  let provider: TestProvider;
  beforeAll(async () => {
    // Libraries check instants against the clock on the wall.
    provider = await startProvider();
    provider.clock.advance(Math.floor(Date.now() / 1000) - provider.clock.now());
  });
  afterAll(() => provider.close());

  it('pushes its request, signs in, refreshes, and reads UserInfo with its key', async () => {
    const fapi = await addFapiClient(
      provider,
      { securityProfile, scope: ['openid', 'profile', 'offline_access'] },
      alg,
    );
    const key = await cryptoKey(fapi.key.privateKey, alg);
    const privateKey = { key, ...(fapi.key.kid === undefined ? {} : { kid: fapi.key.kid }) };
    const isSigned = securityProfile === 'fapi-2-message-signing';
    const config = await client.discovery(
      new URL(provider.issuer),
      fapi.client.id,
      { id_token_signed_response_alg: 'ES256', authorization_signed_response_alg: 'ES256' },
      client.PrivateKeyJwt(privateKey, {
        // FAPI 2.0 5.3.2.1: the issuer as a string.
        [client.modifyAssertion]: (_header, payload) => {
          payload['aud'] = provider.issuer;
        },
      }),
      { execute: [client.allowInsecureRequests, ...(isSigned ? [client.useJwtResponseMode] : [])] },
    );
    const keys = await client.randomDPoPKeyPair('ES256');
    const DPoP = client.getDPoPHandle(config, keys);
    const verifier = client.randomPKCECodeVerifier();
    const state = client.randomState();
    const nonce = client.randomNonce();
    const parameters = new URLSearchParams({
      redirect_uri: redirectUri,
      scope: 'openid profile offline_access',
      state,
      nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...(isSigned ? { response_mode: 'jwt' } : {}),
    });
    const signedOrNot = isSigned
      ? (
          await client.buildAuthorizationUrlWithJAR(config, parameters, privateKey, {
            [client.modifyAssertion]: (_header, payload) => {
              const now = Math.floor(Date.now() / 1000);
              payload['nbf'] = now;
              payload['exp'] = now + 300;
            },
          })
        ).searchParams
      : parameters;
    const url = await client.buildAuthorizationUrlWithPAR(config, signedOrNot, { DPoP });
    expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri']);

    const person = await provider.logIn(await provider.addUser({ name: 'Ada' }));
    const answer = new URL((await person.open(url.href)).location ?? '');
    const tokens = await client.authorizationCodeGrant(
      config,
      answer,
      { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
      undefined,
      { DPoP },
    );
    expect(tokens.token_type).toBe('dpop');
    const subject = tokens.claims()?.sub ?? '';
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, subject, { DPoP });
    expect(userinfo.name).toBe('Ada');
    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, { DPoP });
    expect((await client.fetchUserInfo(config, refreshed.access_token, subject, { DPoP })).sub).toBe(subject);
  });
});

async function cryptoKey(key: unknown, alg: string): Promise<client.CryptoKey> {
  const algorithm =
    alg === 'PS256' ? { name: 'RSA-PSS', hash: 'SHA-256' } : ({ name: 'ECDSA', namedCurve: 'P-256' } as const);
  if (!(key instanceof KeyObject)) throw new Error('this needs a key pair');
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });
  return crypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
}
