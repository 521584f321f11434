import type { ClientDraft } from '@gatehouse/domain/oauth';
import { Browser, send, type Answer } from '../support/browser';
import { assertionFields, clientKey, secretKey, signed } from '../support/client-jwts';
import { eventually } from '../support/eventually';
import { push, pushedUrl, sendPush } from '../support/par';
import {
  answerOf,
  authorizationRequest,
  authorizeUrl,
  post,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';
import { claimsOf, purge, type Registered, type Tokens } from '../support/tokens';
import { SetClientState } from '../../src/clients/operations/set-client-state';

type Overrides = Readonly<Record<string, string | undefined>>;

let provider: TestProvider;
let browser: Browser;
beforeAll(async () => {
  provider = await startProvider();
  browser = await provider.logIn(await provider.addUser());
});
afterAll(() => provider.close());

const key = clientKey('ES256');
const add = (draft: Partial<ClientDraft> = {}): Promise<Registered> =>
  provider.addClient({ consentRequired: false, ...draft });

const open = (registered: Registered, requestUri: string, by = browser): Promise<Answer> =>
  by.open(pushedUrl(provider, registered.client, requestUri));
const errorOf = (answer: Answer): unknown => answer.json()['error'];

describe('POST /oauth/par', () => {
  it('returns 201 with a request_uri and its lifetime, not to be stored by caches (RFC 9126 2.2)', async () => {
    const registered = await add();
    const answer = await sendPush(provider, registered, authorizationRequest(registered.client).parameters);
    expect(answer.status).toBe(201);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.json()).toEqual({
      request_uri: expect.stringMatching(/^urn:ietf:params:oauth:request_uri:[0-9a-z]+\.[\w-]{43}$/) as string,
      expires_in: 60,
    });
  });

  it('leads through the browser to a code that the same client redeems, with everything that was pushed (RFC 9126 4)', async () => {
    const registered = await add();
    const { requestUri, proof } = await push(provider, registered, { nonce: 'pushed-nonce', state: 'pushed-state' });
    const answer = answerOf(await open(registered, requestUri));
    expect([answer.get('state'), answer.get('iss')]).toEqual(['pushed-state', provider.issuer]);
    const tokens = await redeem(provider, registered, answer.get('code') ?? '', proof.verifier);
    expect(claimsOf(tokens.json<Tokens>().id_token)['nonce']).toBe('pushed-nonce');
  });

  it.each<[string, (registered: Registered) => Promise<Record<string, string>>, Partial<ClientDraft>]>([
    [
      'client_secret_post',
      ({ client, secret }) => Promise.resolve({ client_id: client.id, client_secret: secret }),
      {},
    ],
    ['client_secret_jwt', ({ client, secret }) => assertionFields(provider, client, secretKey(secret)), {}],
    ['private_key_jwt', ({ client }) => assertionFields(provider, client, key), { jwks: { keys: [key.publicJwk] } }],
    ['none', ({ client }) => Promise.resolve({ client_id: client.id }), { type: 'public' }],
  ])('takes %s, as the token endpoint does (RFC 9126 2)', async (authMethod, proofOf, draft) => {
    const registered = await add({ authMethod, ...draft });
    const { parameters } = authorizationRequest(registered.client, { client_id: undefined });
    const answer = await sendPush(provider, registered, { ...parameters, ...(await proofOf(registered)) });
    expect(answer.status).toBe(201);
    const code = answerOf(await open(registered, answer.json<{ request_uri: string }>().request_uri)).get('code');
    expect(code).not.toBeNull();
  });

  it('rejects a client that does not prove itself with 401 invalid_client', async () => {
    const registered = await add();
    const answer = await sendPush(
      provider,
      { ...registered, secret: 'wrong' },
      authorizationRequest(registered.client).parameters,
    );
    expect([answer.status, errorOf(answer)]).toEqual([401, 'invalid_client']);
  });

  it.each<[string, Overrides, string]>([
    ['a request_uri', { request_uri: 'urn:ietf:params:oauth:request_uri:x' }, 'invalid_request'],
    ['no response_type', { response_type: undefined }, 'invalid_request'],
    ['another response_type', { response_type: 'nonsense' }, 'unsupported_response_type'],
    ['a redirect_uri that is not registered', { redirect_uri: 'https://evil.test/' }, 'invalid_request'],
    ['a scope that is not registered', { scope: 'openid admin' }, 'invalid_scope'],
    ['no code_challenge', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['a resource that is not there', { resource: 'https://api.test/' }, 'invalid_target'],
    ['claims that are no JSON', { claims: '{' }, 'invalid_request'],
    ['an id_token_hint that is not ours', { id_token_hint: 'a.b.c' }, 'invalid_request'],
    ['a request object that is none', { request: 'nonsense' }, 'invalid_request_object'],
    ['a client_id of somebody else', { client_id: 'other' }, 'invalid_request'],
  ])(
    'refuses %s when it is pushed, with the code of the authorization endpoint (RFC 9126 2.3)',
    async (_name, overrides, error) => {
      const registered = await add();
      const { parameters } = authorizationRequest(registered.client, overrides);
      const answer = await sendPush(provider, registered, parameters);
      expect([answer.status, errorOf(answer)]).toEqual([400, error]);
      expect(answer.location).toBeUndefined();
    },
  );

  it('rejects repeated parameters, other bodies, other methods and large ones', async () => {
    const { client, secret } = await add({ authMethod: 'client_secret_post' });
    const url = `${provider.base}/oauth/par`;
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const own = `client_id=${client.id}&client_secret=${secret}`;
    const twice = await send(url, { method: 'POST', headers: form, body: `${own}&state=a&state=b` });
    expect([twice.status, errorOf(twice)]).toEqual([400, 'invalid_request']);
    const json = await send(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' });
    expect([json.status, errorOf(json)]).toEqual([400, 'invalid_request']);
    const get = await send(url);
    expect([get.status, get.headers.allow]).toEqual([405, 'POST']);
    const large = await send(url, { method: 'POST', headers: form, body: `${own}&state=${'a'.repeat(70_000)}` });
    expect(large.status).toBe(413);
    const long = await send(url, { method: 'POST', headers: form, body: `${own}&state=${'a'.repeat(60_000)}` });
    expect([long.status, errorOf(long)]).toEqual([400, 'invalid_request']);
  });

  it('takes a request object, whose parameters are then those of the request (RFC 9126 3)', async () => {
    const registered = await add({ jwks: { keys: [key.publicJwk] } });
    const { client } = registered;
    const { parameters, proof } = authorizationRequest(client, { state: 'signed-state' });
    const request = await signed(
      key,
      { iss: client.id, aud: provider.issuer, exp: provider.clock.now() + 60, ...parameters },
      { typ: 'oauth-authz-req+jwt' },
    );
    const answer = await sendPush(provider, registered, { request });
    expect(answer.status).toBe(201);
    const parts = answerOf(await open(registered, answer.json<{ request_uri: string }>().request_uri));
    expect(parts.get('state')).toBe('signed-state');
    expect((await redeem(provider, registered, parts.get('code') ?? '', proof.verifier)).status).toBe(200);

    const others = await signed(key, { iss: 'other', aud: provider.issuer, ...parameters, client_id: 'other' });
    expect(errorOf(await sendPush(provider, registered, { request: others }))).toBe('invalid_request_object');
  });

  it('is not throttled by address', async () => {
    const registered = await add({ type: 'public', authMethod: 'none' });
    const { parameters } = authorizationRequest(registered.client);
    const answers = await Promise.all(Array.from({ length: 200 }, () => sendPush(provider, registered, parameters)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
  });
});

describe('a request_uri that was given here', () => {
  it('is of one client: another one gets a page that says so, and the first may still use it (RFC 9126 2.2)', async () => {
    const registered = await add();
    const other = await add();
    const { requestUri } = await push(provider, registered);
    const answer = await open(other, requestUri);
    expect([answer.status, answer.location]).toEqual([400, undefined]);
    expect(answerOf(await open(registered, requestUri)).get('code')).not.toBeNull();
  });

  it('is used once: a second use, in this browser or another, gets no code (RFC 9126 4, 7.3)', async () => {
    const registered = await add();
    const { requestUri } = await push(provider, registered);
    expect(answerOf(await open(registered, requestUri)).get('code')).not.toBeNull();
    for (const again of [browser, await provider.logIn(await provider.addUser()), new Browser()])
      expect((await open(registered, requestUri, again)).status).toBe(400);
  });

  it('gives one code to 100 loads at once in one browser', async () => {
    const registered = await add();
    const { requestUri } = await push(provider, registered);
    const url = pushedUrl(provider, registered.client, requestUri);
    const answers = await Promise.all(Array.from({ length: 100 }, () => browser.clone().send(url)));
    const codes = answers.filter(({ location }) => location?.includes('code=') ?? false);
    expect(codes).toHaveLength(1);
  });

  it('ends after its lifetime, and is purged then', async () => {
    const registered = await add();
    const [late, soon] = [await push(provider, registered), await push(provider, registered)];
    provider.clock.advance(59);
    expect(answerOf(await open(registered, soon.requestUri)).get('code')).not.toBeNull();
    provider.clock.advance(1);
    expect((await open(registered, late.requestUri)).status).toBe(400);
    expect(await purge(provider)).toBeGreaterThanOrEqual(2);
  });

  it('once a browser came with it, is a login that may take hours, reloads of its address among them', async () => {
    const registered = await add();
    const user = await provider.addUser();
    const { requestUri, proof } = await push(provider, registered);
    const slow = new Browser();
    expect((await open(registered, requestUri, slow)).text).toContain('name="password"');
    // The address bar still has it: loaded again within its lifetime, it is the same login.
    expect((await open(registered, requestUri, slow)).text).toContain('name="password"');
    expect((await open(registered, requestUri, new Browser())).status).toBe(400);
    provider.clock.advance(5 * 3600);
    await purge(provider);
    const answer = answerOf(await slow.submit({ username: user.username, password: user.password }));
    expect((await redeem(provider, registered, answer.get('code') ?? '', proof.verifier)).status).toBe(200);
  });

  it.each([
    ['forged', (uri: string) => `${uri.slice(0, -2)}${uri.endsWith('AA') ? 'BA' : 'AA'}`],
    ['malformed', () => 'urn:ietf:params:oauth:request_uri:nonsense'],
    ['oversized', (uri: string) => uri + 'A'.repeat(5000)],
    ['empty', () => 'urn:ietf:params:oauth:request_uri:'],
  ])('is refused on a page when it is %s', async (_name, change) => {
    const registered = await add();
    const { requestUri } = await push(provider, registered);
    const answer = await open(registered, change(requestUri));
    expect([answer.status, answer.location]).toEqual([400, undefined]);
  });

  it('is alone: parameters beside it do not count, and a request object is rejected (RFC 9101 5)', async () => {
    const registered = await add();
    const first = await push(provider, registered, { state: 'pushed', scope: 'openid' });
    const both = { client_id: registered.client.id, request_uri: first.requestUri };
    expect((await browser.open(authorizeUrl(provider, { ...both, request: 'x.y.z' }))).status).toBe(400);
    const answer = await browser.open(
      authorizeUrl(provider, { ...both, state: 'query', redirect_uri: 'https://evil.test/', scope: 'openid email' }),
    );
    expect(answer.location).toMatch(/^https:\/\/client\.test\/callback\?/);
    expect(answerOf(answer).get('state')).toBe('pushed');
  });

  it('is invalid if its client was disabled since', async () => {
    const registered = await add();
    const { requestUri } = await push(provider, registered);

    await provider.execute(SetClientState, { id: registered.client.id, decision: 'disable' });
    // Every process knows within a second.
    await eventually(
      () => sendPush(provider, registered, {}),
      ({ status }) => status === 401,
    );
    expect((await open(registered, requestUri)).status).toBe(400);
  });
});

describe('require_pushed_authorization_requests', () => {
  it('of a client rejects its requests in the query by a redirect, and takes pushed ones (RFC 9126 6)', async () => {
    const registered = await add({ requirePushedAuthorizationRequests: true });
    const { parameters } = authorizationRequest(registered.client);
    const answer = answerOf(await browser.open(authorizeUrl(provider, parameters)));
    expect([answer.get('error'), answer.get('state')]).toEqual(['invalid_request', 'some-state']);
    const { requestUri } = await push(provider, registered);
    expect(answerOf(await open(registered, requestUri)).get('code')).not.toBeNull();
  });

  it('of the server (GATEHOUSE_REQUIRE_PAR) holds for every client and is in the metadata (RFC 9126 5)', async () => {
    const strict = await startProvider({ env: { GATEHOUSE_REQUIRE_PAR: 'on' } });
    try {
      const metadata = (await send(`${strict.base}/.well-known/openid-configuration`)).json();
      expect(metadata).toMatchObject({
        pushed_authorization_request_endpoint: `${strict.issuer}/oauth/par`,
        require_pushed_authorization_requests: true,
      });
      const registered = await strict.addClient({ consentRequired: false });
      const { parameters } = authorizationRequest(registered.client);
      const answer = answerOf(await new Browser().open(authorizeUrl(strict, parameters)));
      expect(answer.get('error')).toBe('invalid_request');
      expect((await sendPush(strict, registered, parameters)).status).toBe(201);
    } finally {
      await strict.close();
    }
  });

  it('is registered by protocol and told again (RFC 7591)', async () => {
    const open = await startProvider({ env: { GATEHOUSE_REGISTRATION: 'open' } });
    try {
      const answer = await send(`${open.base}/oauth/register`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
          redirect_uris: ['https://client.test/callback'],
          require_pushed_authorization_requests: true,
        }),
      });
      expect(answer.json()['require_pushed_authorization_requests']).toBe(true);
    } finally {
      await open.close();
    }
  });
});

it('scripts at a registered origin may push and read the answer, as at the token endpoint', async () => {
  await add({ type: 'public', authMethod: 'none', redirectUris: ['https://spa.test/callback'] });
  const url = `${provider.base}/oauth/par`;
  const preflight = await send(url, { method: 'OPTIONS', headers: { Origin: 'https://spa.test' } });
  expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([204, 'https://spa.test']);
  const known = await post(url, {}, { Origin: 'https://spa.test' });
  expect(known.headers['access-control-allow-origin']).toBe('https://spa.test');
  expect((await post(url, {}, { Origin: 'https://evil.test' })).headers['access-control-allow-origin']).toBeUndefined();
});
