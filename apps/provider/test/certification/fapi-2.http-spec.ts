import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import type { ClientDraft, SecurityProfileName } from '@gatehouse/domain/oauth';
import { Browser, send } from '../support/browser';
import { clientKey, signed } from '../support/client-jwts';
import { proofOf } from '../support/dpop';
import {
  addFapiClient,
  codeFor,
  fapiDraft,
  postAs,
  pushAs,
  redeemAs,
  requestObjectOf,
  type FapiClient,
} from '../support/fapi';
import {
  answerOf,
  authorizationRequest,
  authorize,
  authorizeUrl,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';
import { addResource } from '../support/resources';
import { claimsOf, type Tokens } from '../support/tokens';
import { changeClient } from '../support/client-changes';

const profiles: readonly SecurityProfileName[] = ['fapi-2-security', 'fapi-2-message-signing'];

let provider: TestProvider;
let browser: Browser;
beforeAll(async () => {
  provider = await startProvider({ tls: true, env: { GATEHOUSE_CODE_LIFETIME: '600' } });
  browser = await provider.logIn(await provider.addUser());
});
afterAll(() => provider.close());

const errorOf = (answer: { json<T>(): T }): string => answer.json<{ error: string }>().error;

describe.each(profiles)('a client under %s', (securityProfile) => {
  let fapi: FapiClient;
  beforeAll(async () => (fapi = await addFapiClient(provider, { securityProfile })));

  it('pushes its request, gets a code, and tokens that are bound to its key', async () => {
    const answer = await redeemAs(provider, fapi, await codeFor(provider, browser, fapi));
    expect(answer.status).toBe(200);
    const tokens = answer.json<Tokens>();
    expect(tokens.token_type).toBe('DPoP');
    const [header = ''] = tokens.id_token?.split('.') ?? [];
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toMatchObject({ alg: 'ES256' });
  });

  it('gets the issuer with the answer (RFC 9207), by 303, which keeps no body (Security Profile 5.3.2.2)', async () => {
    const { requestUri } = await pushAs(provider, fapi);
    const answer = await browser.open(authorizeUrl(provider, { client_id: fapi.client.id, request_uri: requestUri }));
    expect(answer.status).toBe(303);
    expect(answerOf(answer).get('iss')).toBe(provider.issuer);
  });

  it('is rejected a request that was not pushed (Security Profile 5.3.2.2)', async () => {
    const { parameters } = authorizationRequest(fapi.client);
    const answer = answerOf(await browser.open(authorizeUrl(provider, parameters)));
    expect([answer.get('error'), answer.has('code')]).toEqual(['invalid_request', false]);
  });

  it.each<[string, Readonly<Record<string, string | undefined>>]>([
    ['no code_challenge', { code_challenge: undefined, code_challenge_method: undefined }],
    ['the method plain', { code_challenge_method: 'plain' }],
    ['no redirect_uri', { redirect_uri: undefined }],
    ['no redirect_uri in a request that is not OpenID', { redirect_uri: undefined, scope: 'offline_access' }],
  ])('is refused a request with %s (Security Profile 5.3.2.2)', async (_what, overrides) => {
    const { answer } = await pushAs(provider, fapi, overrides);
    expect([answer.status, errorOf(answer)]).toEqual([400, 'invalid_request']);
  });

  it.each(['id_token token', 'id_token', 'code id_token'])('is refused the response type %s', async (responseType) => {
    const { answer } = await pushAs(provider, fapi, { response_type: responseType });
    expect([answer.status, errorOf(answer)]).toEqual([400, 'unauthorized_client']);
  });

  it('has less than ten minutes for a pushed request', async () => {
    const { answer } = await pushAs(provider, fapi);
    expect(answer.json<{ expires_in: number }>().expires_in).toBeLessThan(600);
  });

  it('is rejected tokens without a proof of its key (5.3.2.1)', async () => {
    const code = await codeFor(provider, browser, fapi);
    const answer = await redeemAs(provider, fapi, code, { proof: false });
    expect([answer.status, errorOf(answer)]).toEqual([400, 'invalid_dpop_proof']);
  });

  it('has a minute for its code, however long the codes of others live (5.3.2.1)', async () => {
    const inTime = await codeFor(provider, browser, fapi);
    provider.clock.advance(59);
    expect((await redeemAs(provider, fapi, inTime)).status).toBe(200);
    const late = await codeFor(provider, browser, fapi);
    provider.clock.advance(60);
    expect(errorOf(await redeemAs(provider, fapi, late))).toBe('invalid_grant');
  });

  it.each<[string, (issuer: string) => unknown]>([
    ['the token endpoint', (issuer) => `${issuer}/oauth/token`],
    ['the endpoint that is called', (issuer) => `${issuer}/oauth/par`],
    ['a list with the issuer', (issuer) => [issuer]],
    ['the issuer with a slash', (issuer) => `${issuer}/`],
  ])('is refused an assertion whose aud is %s (5.3.2.1)', async (_what, aud) => {
    const { answer } = await pushAs(provider, fapi, {}, { assertion: { aud: aud(provider.issuer) } });
    expect([answer.status, errorOf(answer)]).toEqual([401, 'invalid_client']);
  });

  it.each<[string, 'iat' | 'nbf', number, number]>([
    ['an iat ten seconds ahead is accepted', 'iat', 10, 201],
    ['an nbf ten seconds ahead is accepted', 'nbf', 10, 201],
    ['an iat a minute ahead is refused', 'iat', 61, 401],
    ['an nbf a minute ahead is refused', 'nbf', 61, 401],
  ])('%s (5.3.2.1)', async (_what, claim, ahead, status) => {
    const assertion = { [claim]: provider.clock.now() + ahead };
    expect((await pushAs(provider, fapi, {}, { assertion })).answer.status).toBe(status);
  });

  it('keeps its refresh token, however often it is used (5.3.2.1)', async () => {
    const keeper = await addFapiClient(provider, { securityProfile, scope: ['openid', 'offline_access'] });
    const pushed = await pushAs(provider, keeper, { scope: 'openid offline_access' });
    const asked = authorizeUrl(provider, { client_id: keeper.client.id, request_uri: pushed.requestUri });
    const code = answerOf(await browser.open(asked)).get('code') ?? '';
    const first = (await redeemAs(provider, keeper, { code, verifier: pushed.verifier })).json<Tokens>();
    const fields = { grant_type: 'refresh_token', refresh_token: first.refresh_token };
    for (let use = 0; use < 3; use += 1) {
      const answer = await postAs(provider, keeper, '/oauth/token', fields);
      expect([answer.status, answer.json<Tokens>().token_type]).toEqual([200, 'DPoP']);
      expect([undefined, first.refresh_token]).toContain(answer.json<Tokens>().refresh_token);
    }
  });

  it.each(['PS256', 'EdDSA'])('may sign by %s', async (alg) => {
    const other = await addFapiClient(provider, { securityProfile }, alg);
    expect((await redeemAs(provider, other, await codeFor(provider, browser, other))).status).toBe(200);
  });

  it.each(['RS256', 'ES384', 'PS512'])('may not sign its assertions by %s (5.4.1)', async (alg) => {
    const other = await addFapiClient(provider, { securityProfile }, alg);
    expect(errorOf((await pushAs(provider, other)).answer)).toBe('invalid_client');
  });

  it.each([
    ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['ES384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
  ])('may not sign its DPoP proofs by %s (5.4.1)', async (alg, { privateKey, publicKey }) => {
    const code = await codeFor(provider, browser, fapi);
    const proof = await new SignJWT({
      htm: 'POST',
      htu: `${provider.issuer}/oauth/token`,
      iat: provider.clock.now(),
      jti: randomUUID(),
    })
      .setProtectedHeader({ typ: 'dpop+jwt', alg, jwk: publicKey.export({ format: 'jwk' }) })
      .sign(privateKey);
    const answer = await redeemAs(provider, fapi, code, { headers: { DPoP: proof } });
    expect([answer.status, errorOf(answer)]).toEqual([400, 'invalid_dpop_proof']);
    expect((await redeemAs(provider, fapi, code)).status).toBe(200);
  });

  it.each([
    [10, 200],
    [11, 400],
  ])('may make its DPoP proofs ten seconds ahead: by %i seconds, %i (5.3.2.1)', async (ahead, status) => {
    const code = await codeFor(provider, browser, fapi);
    const url = `${provider.issuer}/oauth/token`;
    const headers = { DPoP: await proofOf(fapi.dpop, { url, now: provider.clock.now() + ahead }) };
    expect((await redeemAs(provider, fapi, code, { headers })).status).toBe(status);
  });

  it('gets answers as JWTs by an algorithm of the profile (JARM)', async () => {
    const { requestUri } = await pushAs(provider, fapi, { response_mode: 'jwt' });
    const asked = authorizeUrl(provider, { client_id: fapi.client.id, request_uri: requestUri });
    const response = answerOf(await browser.open(asked)).get('response') ?? '';
    const [header = ''] = response.split('.');
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toMatchObject({ alg: 'ES256' });
    expect(claimsOf(response)).toMatchObject({ aud: fapi.client.id, iss: provider.issuer });
  });
});

describe('request objects under fapi-2-message-signing (Message Signing 5.3.1)', () => {
  let fapi: FapiClient;
  beforeAll(async () => (fapi = await addFapiClient(provider, { securityProfile: 'fapi-2-message-signing' })));
  const now = (): number => provider.clock.now();

  it('are required', async () => {
    const { parameters } = authorizationRequest(fapi.client);
    const answer = await postAs(provider, fapi, '/oauth/par', parameters);
    expect([answer.status, errorOf(answer)]).toEqual([400, 'invalid_request']);
  });

  it.each<[string, () => Readonly<Record<string, unknown>>]>([
    ['no exp', () => ({ exp: undefined })],
    ['no nbf', () => ({ nbf: undefined })],
    ['no aud', () => ({ aud: undefined })],
    ['another aud', () => ({ aud: 'https://other.example' })],
    ['an exp more than an hour after the nbf', () => ({ exp: now() + 3601 })],
    ['an nbf more than an hour ago', () => ({ nbf: now() - 3601, exp: now() + 10 })],
    ['an nbf a minute ahead', () => ({ nbf: now() + 61 })],
    ['an exp that is over', () => ({ nbf: now() - 60, exp: now() - 1 })],
  ])('with %s are refused', async (_what, object) => {
    const { answer } = await pushAs(provider, fapi, {}, { object: object() });
    expect([answer.status, errorOf(answer)]).toEqual([400, 'invalid_request_object']);
  });

  it('with an nbf ten seconds ahead, or an hour of validity, are accepted', async () => {
    expect((await pushAs(provider, fapi, {}, { object: { nbf: now() + 10 } })).answer.status).toBe(201);
    expect((await pushAs(provider, fapi, {}, { object: { exp: now() + 3600 } })).answer.status).toBe(201);
  });

  it('that are unsigned, or signed by another key or algorithm, are rejected', async () => {
    const { parameters } = authorizationRequest(fapi.client);
    const claims = requestObjectOf(provider, fapi.client, parameters);
    for (const request of [new UnsecuredJWT(claims).encode(), await signed(clientKey('ES256'), claims)]) {
      const answer = await postAs(provider, fapi, '/oauth/par', { client_id: fapi.client.id, request });
      expect([answer.status, errorOf(answer)]).toEqual([400, 'invalid_request_object']);
    }
    const rsa = clientKey('RS256');
    const both = await addFapiClient(provider, {
      securityProfile: 'fapi-2-message-signing',
      jwks: { keys: [fapi.key.publicJwk, rsa.publicJwk] },
    });
    const answer = await postAs(provider, { ...both, key: fapi.key }, '/oauth/par', {
      client_id: both.client.id,
      request: await signed(rsa, requestObjectOf(provider, both.client, authorizationRequest(both.client).parameters)),
    });
    expect([answer.status, errorOf(answer)]).toEqual([400, 'invalid_request_object']);
  });

  it('hold every parameter: what stands beside one does not count, whatever its typ (RFC 9101 6.3)', async () => {
    const { parameters } = authorizationRequest(fapi.client);
    const now = provider.clock.now();
    const empty = { iss: fapi.client.id, aud: provider.issuer, nbf: now, exp: now + 60 };
    const beside = { ...parameters, request: await signed(fapi.key, empty) };
    const answer = await postAs(provider, fapi, '/oauth/par', beside);
    expect([answer.status, errorOf(answer)]).toEqual([400, 'invalid_request']);
    // A client that is registered so without a profile is held to the same.
    const plain = await addFapiClient(provider, { requireSignedRequestObject: true, scope: ['openid', 'email'] });
    const { state: _state, ...others } = authorizationRequest(plain.client).parameters;
    const request = await signed(plain.key, { ...empty, iss: plain.client.id, ...others });
    const asked = { ...others, scope: 'openid email', state: 'unsigned', request };
    const granted = await browser.open(authorizeUrl(provider, asked));
    expect([answerOf(granted).has('code'), answerOf(granted).has('state')]).toEqual([true, false]);
  });

  it('that are unsigned are rejected under fapi-2-security too', async () => {
    const plain = await addFapiClient(provider);
    const claims = requestObjectOf(provider, plain.client, authorizationRequest(plain.client).parameters);
    const answer = await postAs(provider, plain, '/oauth/par', {
      client_id: plain.client.id,
      request: new UnsecuredJWT(claims).encode(),
    });
    expect([answer.status, errorOf(answer)]).toEqual([400, 'invalid_request_object']);
  });
});

describe('a client that is put under a profile', () => {
  it('loses what it was given before: codes, access and refresh tokens', async () => {
    const fapi = await addFapiClient(provider, { scope: ['openid', 'offline_access'] });
    const bearer = { proof: false } as const;
    const codeNow = async () => {
      const { parameters, proof } = authorizationRequest(fapi.client, { scope: 'openid offline_access' });
      const code = answerOf(await browser.open(authorizeUrl(provider, parameters))).get('code') ?? '';
      return { code, verifier: proof.verifier };
    };
    const tokens = (await redeemAs(provider, fapi, await codeNow(), bearer)).json<Tokens>();
    const waiting = await codeNow();
    const headers = { Authorization: `Bearer ${tokens.access_token}` };
    expect((await send(`${provider.base}/oauth/userinfo`, { headers })).status).toBe(200);

    await changeClient(provider, fapi.client.id, { securityProfile: 'fapi-2-security' });
    expect((await send(`${provider.base}/oauth/userinfo`, { headers })).status).toBe(401);
    expect(errorOf(await redeemAs(provider, fapi, waiting))).toBe('invalid_grant');
    const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token };
    expect(errorOf(await postAs(provider, fapi, '/oauth/token', refresh))).toBe('invalid_grant');
  });

  it('gets no token for an API whose tokens are signed by another algorithm (5.4.1)', async () => {
    const resource = { identifier: 'https://rs256.test/' };
    await addResource(provider, { ...resource, signingAlgorithm: 'RS256' });
    const scope = 'read';
    const fapi = await addFapiClient(provider, { securityProfile: 'fapi-2-security', scope: ['openid', scope] });
    const pushed = await pushAs(provider, fapi, { scope: `openid ${scope}`, resource: resource.identifier });
    const asked = authorizeUrl(provider, { client_id: fapi.client.id, request_uri: pushed.requestUri });
    const code = answerOf(await browser.open(asked)).get('code') ?? '';
    expect(errorOf(await redeemAs(provider, fapi, { code, verifier: pushed.verifier }))).toBe('invalid_target');
  });
});

describe('GATEHOUSE_SECURITY_PROFILE', () => {
  let strict: TestProvider;
  let lax: TestProvider;
  let person: Browser;
  beforeAll(async () => {
    lax = await startProvider();
    strict = await startProvider({
      databaseUrl: lax.databaseUrl,
      env: { GATEHOUSE_SECURITY_PROFILE: 'fapi-2-message-signing', GATEHOUSE_SECRET_KEY: lax.secretKey },
    });
    person = await strict.logIn(await strict.addUser());
  });
  afterAll(async () => {
    await strict.close();
    await lax.close();
  });

  it('holds every client to it, whatever the client is registered for', async () => {
    const fapi = await addFapiClient(strict, {});
    expect(fapi.client.securityProfile).toBe('none');
    expect((await pushAs(strict, fapi)).answer.status).toBe(400);
    const held = { ...fapi, client: { ...fapi.client, securityProfile: 'fapi-2-message-signing' as const } };
    expect((await redeemAs(strict, held, await codeFor(strict, person, held))).status).toBe(200);
  });

  it('rejects new clients that do not meet it', async () => {
    const draft: Partial<ClientDraft> = { authMethod: 'client_secret_basic' };
    await expect(strict.addClient(draft)).rejects.toThrow('private_key_jwt');
  });

  it('keeps out clients from before that do not meet it, at the token endpoint and in the browser', async () => {
    const { client, secret } = await lax.addClient();
    const atToken = await send(`${strict.base}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: client.id,
        client_secret: secret,
      }).toString(),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });
    expect([atToken.status, errorOf(atToken)]).toEqual([401, 'invalid_client']);
    const answer = await person.open(authorizeUrl(strict, authorizationRequest(client).parameters));
    expect([answer.status, answer.location]).toEqual([400, undefined]);
    expect(answer.text).toContain('does not meet its security profile');
  });

  it('does not answer a request that began before it under a laxer profile', async () => {
    const key = clientKey('ES256');
    const { client } = await lax.addClient(fapiDraft(key));
    const browser = new Browser();
    const { parameters } = authorizationRequest(client);
    await browser.open(authorizeUrl(lax, parameters));
    const id = new URL(browser.address).searchParams.get('request') ?? '';
    expect(id).not.toBe('');
    // The same browser, the same database, and a server that has been restarted with the profile.
    const resumed = await browser.open(`${strict.base}/oauth/authorize/${id}`);
    expect([answerOf(resumed).get('error'), answerOf(resumed).has('code')]).toEqual(['invalid_request', false]);
  });

  it('does not open UserInfo to tokens that were given before it', async () => {
    const { client, secret } = await lax.addClient({ consentRequired: false });
    const browser = await lax.logIn(await lax.addUser({ username: 'before' }));
    const { code, verifier } = await authorize(lax, browser, client);
    const answer = await redeem(lax, { client, secret }, code, verifier);
    const headers = { Authorization: `Bearer ${answer.json<Tokens>().access_token}` };
    expect((await send(`${lax.base}/oauth/userinfo`, { headers })).status).toBe(200);
    expect((await send(`${strict.base}/oauth/userinfo`, { headers })).status).toBe(401);
  });

  it('holds credentials of an API to it that exchange tokens', async () => {
    const rule = [{ resource: 'https://api.test/', mode: 'delegation' as const }];
    const exchanging = {
      resourceServer: true,
      redirectUris: [],
      scope: [],
      grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange'],
      tokenExchange: rule,
    };
    await expect(strict.addClient(exchanging)).rejects.toThrow('private_key_jwt');
    const { client } = await strict.addClient({ ...exchanging, grantTypes: [], tokenExchange: [] });
    expect(client.authMethod).toBe('client_secret_basic');
  });

  it('offers in its metadata only what it allows', async () => {
    const metadata = (await send(`${strict.base}/.well-known/openid-configuration`)).json<Record<string, unknown>>();
    expect(metadata).toMatchObject({
      require_pushed_authorization_requests: true,
      require_signed_request_object: true,
      response_types_supported: ['code'],
      token_endpoint_auth_methods_supported: ['private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: ['PS256', 'ES256', 'EdDSA', 'Ed25519'],
      id_token_signing_alg_values_supported: ['PS256', 'ES256', 'EdDSA', 'Ed25519'],
      request_object_signing_alg_values_supported: ['PS256', 'ES256', 'EdDSA', 'Ed25519'],
      dpop_signing_alg_values_supported: ['PS256', 'ES256', 'EdDSA', 'Ed25519'],
    });
  });
});
