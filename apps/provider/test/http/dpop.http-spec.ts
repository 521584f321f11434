import { randomUUID } from 'node:crypto';
import type { ClientDraft } from '@gatehouse/domain/oauth';
import { send, type Answer, type Browser } from '../support/browser';
import { dpopKey, proofOf, type DpopKey } from '../support/dpop';
import { push, pushedUrl, sendPush } from '../support/par';
import {
  answerOf,
  authorizationRequest,
  authorize,
  basic,
  post,
  startProvider,
  type TestProvider,
} from '../support/provider';
import { addResource } from '../support/resources';
import { claimsOf, introspect, type Registered, type Tokens } from '../support/tokens';

type Fields = Readonly<Record<string, string>>;
type Members = Readonly<Record<string, unknown>>;

let provider: TestProvider;
let browser: Browser;
let key: DpopKey;
let otherKey: DpopKey;
beforeAll(async () => {
  provider = await startProvider();
  browser = await provider.logIn(await provider.addUser());
  [key, otherKey] = [await dpopKey(), await dpopKey('EdDSA')];
});
afterAll(() => provider.close());

const add = (draft: Partial<ClientDraft> = {}): Promise<Registered> =>
  provider.addClient({
    consentRequired: false,
    grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
    scope: ['openid', 'profile', 'offline_access', 'reports'],
    ...draft,
  });
const addPublic = (draft: Partial<ClientDraft> = {}): Promise<Registered> =>
  add({ type: 'public', authMethod: 'none', grantTypes: ['authorization_code', 'refresh_token'], ...draft });

const tokenUrl = (): string => `${provider.issuer}/oauth/token`;

/** A token request of this client with these headers. */
const ask = ({ client, secret }: Registered, fields: Fields, headers: Fields = {}): Promise<Answer> =>
  client.type === 'public'
    ? post(tokenUrl(), { client_id: client.id, ...fields }, headers)
    : post(tokenUrl(), fields, { Authorization: basic(client, secret), ...headers });

const proofFor = (by: DpopKey, changed: { claims?: Members; header?: Members } = {}): Promise<string> =>
  proofOf(by, { url: tokenUrl(), now: provider.clock.now(), ...changed });

async function codeFields(registered: Registered, overrides: Fields = {}): Promise<Fields> {
  const { code, verifier } = await authorize(provider, browser, registered.client, overrides);
  return {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: registered.client.redirectUris[0] ?? '',
  };
}

/** Tokens of a person, bound to a key. */
async function bound(registered: Registered, by = key): Promise<Tokens & { refresh_token: string }> {
  const fields = await codeFields(registered, { scope: 'openid profile offline_access' });
  const answer = await ask(registered, fields, { DPoP: await proofFor(by) });
  expect(answer.status).toBe(200);
  return answer.json<Tokens & { refresh_token: string }>();
}

const own = { grant_type: 'client_credentials', scope: 'reports' };
const refused = (answer: Answer): unknown[] => [answer.status, answer.json()['error']];

describe('at the token endpoint', () => {
  it('a proof binds the access token: token_type, and cnf in the introspection (RFC 9449 5, 6.2)', async () => {
    const registered = await add();
    const tokens = (await ask(registered, own, { DPoP: await proofFor(key) })).json<Tokens>();
    expect(tokens.token_type).toBe('DPoP');
    expect((await introspect(provider, registered, tokens.access_token)).json()).toMatchObject({
      token_type: 'DPoP',
      cnf: { jkt: key.jkt },
    });
    const plain = (await ask(registered, own)).json<Tokens>();
    expect(plain.token_type).toBe('Bearer');
    expect((await introspect(provider, registered, plain.access_token)).json()).not.toHaveProperty('cnf');
  });

  it.each<[string, { claims?: Members; header?: Members }]>([
    ['for another endpoint', { claims: { htu: 'https://op.example/oauth/token' } }],
    ['for another method', { claims: { htm: 'GET' } }],
    ['that is old', { claims: { iat: 1_000_000_000 } }],
    ['from the future', { claims: { iat: 4_000_000_000 } }],
    ['without jti', { claims: { jti: undefined } }],
    ['of another type', { header: { typ: 'JWT' } }],
    ['that is oversized', { claims: { pad: 'a'.repeat(8000) } }],
  ])('a proof %s is invalid_dpop_proof, and consumes no code (RFC 9449 5)', async (_name, changed) => {
    const registered = await addPublic();
    const fields = await codeFields(registered);
    expect(refused(await ask(registered, fields, { DPoP: await proofFor(key, changed) }))).toEqual([
      400,
      'invalid_dpop_proof',
    ]);
    expect((await ask(registered, fields, { DPoP: await proofFor(key) })).status).toBe(200);
  });

  it('a proof with private members of its key, or with two proofs in one header, is rejected', async () => {
    const registered = await add();
    const leaking = await proofFor(key, { header: { jwk: key.privateJwk } });
    const two = `${await proofFor(key)}, ${await proofFor(key)}`;
    for (const DPoP of [leaking, two])
      expect(refused(await ask(registered, own, { DPoP }))).toEqual([400, 'invalid_dpop_proof']);
  });

  it('a proof is used once, of 100 at once too (RFC 9449 11.1)', async () => {
    const registered = await add();
    const DPoP = await proofFor(key);
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask(registered, own, { DPoP })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const answer of answers)
      if (answer.status !== 200) expect(refused(answer)).toEqual([400, 'invalid_dpop_proof']);
  });

  it('dpop_bound_access_tokens of a client makes the proof a must, at redemption and refresh (RFC 9449 5.2)', async () => {
    const registered = await add({ dpopBoundAccessTokens: true });
    const fields = await codeFields(registered, { scope: 'openid offline_access' });
    expect(refused(await ask(registered, fields))).toEqual([400, 'invalid_dpop_proof']);
    const tokens = (await ask(registered, fields, { DPoP: await proofFor(key) })).json<Tokens>();
    expect(tokens.token_type).toBe('DPoP');
    const again = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' };
    expect(refused(await ask(registered, again))).toEqual([400, 'invalid_dpop_proof']);
    expect((await ask(registered, again, { DPoP: await proofFor(key) })).status).toBe(200);
  });

  it('such a client gets no access token from the authorization endpoint', async () => {
    const { client } = await add({
      dpopBoundAccessTokens: true,
      grantTypes: ['authorization_code', 'implicit'],
      responseTypes: ['code', 'code token'],
    });
    const { parameters } = authorizationRequest(client, { response_type: 'code token' });
    const query = Object.entries(parameters).map(([name, value]): [string, string] => [name, value ?? '']);
    const answer = await browser.open(`${provider.base}/oauth/authorize?${new URLSearchParams(query).toString()}`);
    expect(answer.location).toContain('error=unauthorized_client');
  });
});

describe('refresh tokens', () => {
  it('of a public client are bound to the key: without it they are worth nothing, and nothing ends (RFC 9449 5)', async () => {
    const registered = await addPublic({ refreshTokenRotation: 'always' });
    const { refresh_token: refreshToken } = await bound(registered);
    const fields = { grant_type: 'refresh_token', refresh_token: refreshToken };
    expect(refused(await ask(registered, fields))).toEqual([400, 'invalid_grant']);
    expect(refused(await ask(registered, fields, { DPoP: await proofFor(otherKey) }))).toEqual([400, 'invalid_grant']);
    const next = (await ask(registered, fields, { DPoP: await proofFor(key) })).json<Tokens>();
    expect(next.token_type).toBe('DPoP');
    // Its successor is bound as well.
    const successor = { grant_type: 'refresh_token', refresh_token: next.refresh_token ?? '' };
    expect(refused(await ask(registered, successor, { DPoP: await proofFor(otherKey) }))).toEqual([
      400,
      'invalid_grant',
    ]);
    expect((await ask(registered, successor, { DPoP: await proofFor(key) })).status).toBe(200);
  });

  it('of a confidential client are not: it may change its key', async () => {
    const registered = await add();
    const { refresh_token: refreshToken } = await bound(registered);
    const fields = { grant_type: 'refresh_token', refresh_token: refreshToken };
    const next = (await ask(registered, fields, { DPoP: await proofFor(otherKey) })).json<Tokens>();
    expect((await introspect(provider, registered, next.access_token)).json()['cnf']).toEqual({ jkt: otherKey.jkt });
  });

  it('that come again after a lost answer get it again by the same key, and by another one end the grant, where they rotate', async () => {
    const registered = await add({ refreshTokenRotation: 'always' });
    const { refresh_token: refreshToken } = await bound(registered);
    const fields = { grant_type: 'refresh_token', refresh_token: refreshToken };
    const first = await ask(registered, fields, { DPoP: await proofFor(key) });
    const again = await ask(registered, fields, { DPoP: await proofFor(key) });
    expect([again.status, again.text]).toEqual([200, first.text]);
    expect(refused(await ask(registered, fields, { DPoP: await proofFor(otherKey) }))).toEqual([400, 'invalid_grant']);
    const { access_token: token } = first.json<Tokens>();
    expect((await introspect(provider, registered, token)).json()).toEqual({ active: false });
  });
});

describe('dpop_jkt (RFC 9449 10)', () => {
  it('binds the code: only a proof of that key redeems it', async () => {
    const registered = await addPublic();
    const fields = await codeFields(registered, { dpop_jkt: key.jkt });
    expect(refused(await ask(registered, fields))).toEqual([400, 'invalid_grant']);
    expect(refused(await ask(registered, fields, { DPoP: await proofFor(otherKey) }))).toEqual([400, 'invalid_grant']);
    expect((await ask(registered, fields, { DPoP: await proofFor(key) })).status).toBe(200);
  });

  it('that is no thumbprint is invalid_request', async () => {
    const registered = await add();
    const { parameters } = authorizationRequest(registered.client, { dpop_jkt: 'short' });
    expect(refused(await sendPush(provider, registered, parameters))).toEqual([400, 'invalid_request']);
  });

  it('comes of a proof when the request is pushed, and must then be the same (RFC 9449 10.1)', async () => {
    const registered = await addPublic();
    const parProof = async (by: DpopKey): Promise<Fields> => ({
      DPoP: await proofOf(by, { url: `${provider.issuer}/oauth/par`, now: provider.clock.now() }),
    });
    const { parameters, proof } = authorizationRequest(registered.client);
    const differs = await sendPush(
      provider,
      registered,
      { ...parameters, dpop_jkt: key.jkt },
      await parProof(otherKey),
    );
    expect(refused(differs)).toEqual([400, 'invalid_request']);
    const wrong = await sendPush(provider, registered, parameters, { DPoP: await proofFor(key) });
    expect(refused(wrong)).toEqual([400, 'invalid_dpop_proof']);
    const pushed = await sendPush(provider, registered, parameters, await parProof(key));
    expect(pushed.status).toBe(201);
    const url = pushedUrl(provider, registered.client, pushed.json<{ request_uri: string }>().request_uri);
    const fields = {
      grant_type: 'authorization_code',
      code: answerOf(await browser.open(url)).get('code') ?? '',
      code_verifier: proof.verifier,
      redirect_uri: registered.client.redirectUris[0] ?? '',
    };
    expect(refused(await ask(registered, fields, { DPoP: await proofFor(otherKey) }))).toEqual([400, 'invalid_grant']);
    expect((await ask(registered, fields, { DPoP: await proofFor(key) })).status).toBe(200);
  });

  it('named in a pushed request without a proof binds as well', async () => {
    const registered = await addPublic();
    const { requestUri, proof } = await push(provider, registered, { dpop_jkt: key.jkt });
    const code = answerOf(await browser.open(pushedUrl(provider, registered.client, requestUri))).get('code') ?? '';
    const redirect = registered.client.redirectUris[0] ?? '';
    const fields = { grant_type: 'authorization_code', code, code_verifier: proof.verifier, redirect_uri: redirect };
    expect(refused(await ask(registered, fields, { DPoP: await proofFor(otherKey) }))).toEqual([400, 'invalid_grant']);
  });
});

describe.each(['/oauth/userinfo', '/api/me'])('at %s', (path) => {
  let token: string;
  beforeAll(async () => (token = (await bound(await addPublic())).access_token));

  const show = async (
    changed: { by?: DpopKey; claims?: Members; accessToken?: string } = {},
    headers: Fields = {},
  ): Promise<Answer> => {
    const DPoP = await proofOf(changed.by ?? key, {
      method: 'GET',
      url: provider.issuer + path,
      now: provider.clock.now(),
      accessToken: changed.accessToken ?? token,
      ...(changed.claims ? { claims: changed.claims } : {}),
    });
    return send(provider.base + path, { headers: { Authorization: `DPoP ${token}`, DPoP, ...headers } });
  };
  const challengeOf = (answer: Answer): string => String(answer.headers['www-authenticate']);

  it('a bound token with a proof of its key opens it, the scheme in any case (RFC 9449 7.1)', async () => {
    expect((await show()).status).toBe(200);
    expect((await show({}, { Authorization: `dPoP ${token}` })).status).toBe(200);
  });

  it('a bound token shown as Bearer is rejected, proof or not (RFC 9449 7.2)', async () => {
    for (const answer of [
      await show({}, { Authorization: `Bearer ${token}` }),
      await send(provider.base + path, { headers: { Authorization: `Bearer ${token}` } }),
    ]) {
      expect(refused(answer)).toEqual([401, 'invalid_token']);
      expect(challengeOf(answer)).toMatch(/^DPoP .*error="invalid_token".*algs="[^"]*ES256/);
    }
  });

  it.each<[string, () => Parameters<typeof show>[0], string]>([
    ['of another key', () => ({ by: otherKey }), 'invalid_token'],
    ['without ath', () => ({ claims: { ath: undefined } }), 'invalid_dpop_proof'],
    ['for another token', () => ({ accessToken: 'other' }), 'invalid_dpop_proof'],
    ['for another method', () => ({ claims: { htm: 'POST' } }), 'invalid_dpop_proof'],
    ['for another address', () => ({ claims: { htu: tokenUrl() } }), 'invalid_dpop_proof'],
    ['with the nonce of another server', () => ({ claims: { nonce: 'theirs' } }), 'use_dpop_nonce'],
  ])('a proof %s is refused with a challenge (RFC 9449 7.1)', async (_name, changed, error) => {
    const answer = await show(changed());
    expect(refused(answer)).toEqual([401, error]);
    expect(challengeOf(answer)).toContain(`error="${error}"`);
    expect(challengeOf(answer)).toMatch(/^DPoP /);
  });

  it('a proof is needed, and used once', async () => {
    const alone = await send(provider.base + path, { headers: { Authorization: `DPoP ${token}` } });
    expect(refused(alone)).toEqual([401, 'invalid_dpop_proof']);
    const claims = { jti: randomUUID() };
    expect((await show({ claims })).status).toBe(200);
    expect(refused(await show({ claims }))).toEqual([401, 'invalid_dpop_proof']);
  });

  it('an unbound token in the scheme DPoP, and nonsense in it, are invalid_token', async () => {
    const registered = await add();
    const plain = (await ask(registered, await codeFields(registered))).json<Tokens>().access_token;
    const answer = await show({ accessToken: plain }, { Authorization: `DPoP ${plain}` });
    expect(refused(answer)).toEqual([401, 'invalid_token']);
    for (const Authorization of ['DPoP', 'DPoP x', `DPoP ${'x'.repeat(7000)}`])
      expect(refused(await show({}, { Authorization }))).toEqual([401, 'invalid_token']);
  });
});

it('JWT access tokens carry the thumbprint in cnf (RFC 9449 6.1)', async () => {
  const identifier = 'https://api.test/bound';
  await addResource(provider, { identifier, scopes: [{ name: 'bound:read', sentence: '' }] });
  const registered = await add({ scope: ['bound:read'], serviceAccount: true });
  const fields = { grant_type: 'client_credentials', scope: 'bound:read', resource: identifier };
  const answer = await ask(registered, fields, { DPoP: await proofFor(key) });
  expect(claimsOf(answer.json<Tokens>().access_token)['cnf']).toEqual({ jkt: key.jkt });
});

it('the metadata name the algorithms of proofs, none of them symmetric (RFC 9449 5.1)', async () => {
  const metadata = (await send(`${provider.base}/.well-known/openid-configuration`)).json();
  expect(metadata['dpop_signing_alg_values_supported']).toEqual(expect.arrayContaining(['ES256', 'EdDSA', 'PS256']));
  expect(JSON.stringify(metadata['dpop_signing_alg_values_supported'])).not.toMatch(/HS|none/);
});

describe('server nonces (GATEHOUSE_DPOP_NONCE, RFC 9449 8)', () => {
  let strict: TestProvider;
  let registered: Registered;
  beforeAll(async () => {
    strict = await startProvider({ env: { GATEHOUSE_DPOP_NONCE: 'on' } });
    registered = await strict.addClient({ grantTypes: ['client_credentials'], scope: ['reports'], redirectUris: [] });
  });
  afterAll(() => strict.close());

  const askWith = async (nonce: string | undefined): Promise<Answer> => {
    const url = `${strict.issuer}/oauth/token`;
    const DPoP = await proofOf(key, { url, now: strict.clock.now(), claims: { nonce } });
    return post(url, own, { Authorization: basic(registered.client, registered.secret), DPoP });
  };

  it('are asked for, given by every answer to a proof, and good for some minutes', async () => {
    const first = await askWith(undefined);
    expect(refused(first)).toEqual([400, 'use_dpop_nonce']);
    const nonce = String(first.headers['dpop-nonce']);
    const good = await askWith(nonce);
    expect(good.status).toBe(200);
    expect(good.headers['dpop-nonce']).toMatch(/^[\w-]{43}$/);
    strict.clock.advance(299);
    expect((await askWith(nonce)).status).toBe(200);
    strict.clock.advance(301);
    expect(refused(await askWith(nonce))).toEqual([400, 'use_dpop_nonce']);
  });

  it.each(['', 'nonsense', 'A'.repeat(43)])(
    'of another server are refused, and the right one is told (%#)',
    async (nonce) => {
      const answer = await askWith(nonce);
      expect(refused(answer)).toEqual([400, 'use_dpop_nonce']);
      expect((await askWith(String(answer.headers['dpop-nonce']))).status).toBe(200);
    },
  );

  it('are the affair of proofs alone: who sends none is not asked', async () => {
    const answer = await post(`${strict.issuer}/oauth/token`, own, {
      Authorization: basic(registered.client, registered.secret),
    });
    expect([answer.status, answer.headers['dpop-nonce']]).toEqual([200, undefined]);
  });
});
