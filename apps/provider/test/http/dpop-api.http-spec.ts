import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import * as client from 'openid-client';
import { accessOf, protect } from '@gatehouse/resource-server/express';
import { ResourceServer } from '@gatehouse/resource-server/resource-server';
import { send } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';
import { addResource } from '../support/resources';

type Keys = Awaited<ReturnType<typeof client.randomDPoPKeyPair>>;

const redirectUri = 'http://localhost:3000/callback';

/** From the authorization request of a real client to an API behind `libs/resource-server`. */
describe.each([
  ['without nonces', {}],
  ['with nonces of the server', { GATEHOUSE_DPOP_NONCE: 'on' }],
])('a bound token at an API, %s (RFC 9449 7)', (_name, env) => {
  let provider: TestProvider;
  let server: Server;
  let api: string;
  let config: client.Configuration;
  let keys: Keys;
  let token: string;

  beforeAll(async () => {
    provider = await startProvider({ env });
    // Libraries check instants against the clock on the wall.
    provider.clock.advance(Math.floor(Date.now() / 1000) - provider.clock.now());
    const app = express();
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    api = `http://127.0.0.1:${(server.address() as AddressInfo).port}/notes`;
    const guard = new ResourceServer({ resource: api, issuer: provider.issuer, dpop: 'required' });
    app.get(['/notes', '/notes/:id'], protect(guard, 'read'), (request, response) => {
      response.json({ subject: accessOf(request).subject });
    });
    await addResource(provider, { identifier: api });
    await logIn();
  });
  afterAll(async () => {
    server.close();
    await provider.close();
  });

  async function logIn(): Promise<void> {
    const registered = await provider.addClient({
      redirectUris: [redirectUri],
      consentRequired: false,
      scope: ['openid', 'read'],
      type: 'public',
      authMethod: 'none',
      dpopBoundAccessTokens: true,
    });
    config = await client.discovery(new URL(provider.issuer), registered.client.id, undefined, client.None(), {
      execute: [client.allowInsecureRequests],
    });
    keys = await client.randomDPoPKeyPair();
    const DPoP = client.getDPoPHandle(config, keys);
    const verifier = client.randomPKCECodeVerifier();
    const url = await client.buildAuthorizationUrlWithPAR(
      config,
      {
        redirect_uri: redirectUri,
        scope: 'openid read',
        resource: api,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      },
      { DPoP },
    );
    const browser = await provider.logIn(await provider.addUser());
    const answer = new URL((await browser.open(url.href)).location ?? '');
    const tokens = await client.authorizationCodeGrant(config, answer, { pkceCodeVerifier: verifier }, undefined, {
      DPoP,
    });
    token = tokens.access_token;
  }

  const call = (by: Keys): Promise<Response> =>
    client.fetchProtectedResource(config, token, new URL(`${api}/1`), 'GET', undefined, undefined, {
      DPoP: client.getDPoPHandle(config, by),
    });

  it('opens it for the holder of the key, again and again', async () => {
    for (let times = 0; times < 2; times++) {
      const answer = await call(keys);
      expect(answer.status).toBe(200);
      expect(await answer.json()).toEqual({ subject: expect.any(String) as unknown });
    }
  });

  it('opens nothing for a thief with a key of their own, or with none', async () => {
    await expect(call(await client.randomDPoPKeyPair())).rejects.toMatchObject({ status: 401 });
    for (const scheme of ['Bearer', 'DPoP']) {
      const answer = await send(api, { headers: { Authorization: `${scheme} ${token}` } });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toContain('DPoP');
    }
  });

  it('rejects a proof at another address, and one that came before', async () => {
    // A proof of the right key that was caught on its way and did not arrive.
    let caught = '';
    config[client.customFetch] = (_url, options) => {
      caught = options.headers['dpop'] ?? '';
      return Promise.resolve(new Response());
    };
    await call(keys);
    config[client.customFetch] = (url, options) => fetch(url, options as RequestInit);
    const show = async (url: string): Promise<number> =>
      (await send(url, { headers: { Authorization: `DPoP ${token}`, DPoP: caught } })).status;
    expect(await show(`${api}/2`)).toBe(401);
    expect(await show(`${api}/1`)).toBe(200);
    expect(await show(`${api}/1`)).toBe(401);
  });
});
