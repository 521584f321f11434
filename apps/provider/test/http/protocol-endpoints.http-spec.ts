import { randomBytes } from 'node:crypto';
import { FailedRequests, type FailedRequest } from '../../src/audit/failed-requests.service';
import { send, type Answer } from '../support/browser';
import { dpopKey, proofOf } from '../support/dpop';
import { basic, startProvider, type TestProvider } from '../support/provider';
import { registered, type RegisteredClient } from '../support/registration';
import type { Registered, Tokens } from '../support/tokens';
import {
  endpoints,
  formType,
  origin,
  rows,
  type BadRequest,
  type EndpointUnderTest,
  type Row,
} from '../support/bad-requests';

let provider: TestProvider;
let client: Registered;
let selfRegistered: RegisteredClient;
let boundToken: string;

beforeAll(async () => {
  provider = await startProvider({ env: { GATEHOUSE_REGISTRATION: 'open' } });
  client = await provider.addClient({
    redirectUris: [`${origin}/callback`],
    grantTypes: [
      'authorization_code',
      'refresh_token',
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:device_code',
    ],
    scope: ['openid', 'read'],
    defaultScope: ['read'],
  });
  selfRegistered = await registered(provider);
  const url = `${provider.issuer}/oauth/token`;
  const tokens = await send(url, {
    method: 'POST',
    body: 'grant_type=client_credentials',
    headers: {
      'Content-Type': formType,
      Authorization: basic(client.client, client.secret),
      DPoP: await proofOf(await dpopKey(), { url, now: provider.clock.now() }),
    },
  });
  boundToken = tokens.json<Tokens>().access_token;
});
afterAll(() => provider.close());
// Failed requests are recorded within a rate: each of them here has a minute of its own.
beforeEach(() => provider.clock.advance(60));

/** Sends it; the id is the one that the record of it has, if there is one. */
async function sent(path: string, bad: Omit<BadRequest, 'status'>): Promise<{ answer: Answer; id: string }> {
  const id = randomBytes(16).toString('hex');
  const answer = await send(`${provider.issuer}${bad.path ?? path}`, {
    method: bad.method ?? 'POST',
    ...(bad.body === undefined ? {} : { body: bad.body }),
    headers: { ...bad.headers, traceparent: `00-${id}-${randomBytes(8).toString('hex')}-01` },
  });
  return { answer, id };
}

/** The failed request of this id. */
async function recordedOf(requestId: string): Promise<FailedRequest | undefined> {
  return (await provider.app.get(FailedRequests).list({ requestId, limit: 1 })).failedRequests[0];
}

const cells = endpoints.flatMap((endpoint) =>
  rows.map((row): [string, Row, EndpointUnderTest] => [endpoint.path, row, endpoint]),
);

describe('every protocol endpoint', () => {
  // JSON has no repeated parameters, and registration no second way to send its token.
  const missing: readonly [string, Row][] = [
    ['/oauth/register', 'repeated parameter'],
    ['/oauth/register', 'two secrets at once'],
    ['/oauth/register/nobody', 'repeated parameter'],
    ['/oauth/register/nobody', 'two secrets at once'],
    ['/oauth/register/nobody', 'NUL character'],
  ];
  const asked = cells.filter(([path, row]) => !missing.some(([of, without]) => of === path && without === row));

  it.each(asked)('%s: %s', async (path, row, endpoint) => {
    const bad = endpoint.rows({ client, selfRegistered, boundToken })[row];
    if (!bad) throw new Error('the table has no such request');
    const { answer, id } = await sent(path, bad);
    await provider.app.get(FailedRequests).flush();
    const recorded = await recordedOf(id);
    expect(answer.status).toBe(bad.status);
    if (bad.error === undefined) {
      expect(recorded).toBeUndefined();
      return;
    }
    expect(answer.headers['cache-control']).toBe('no-store');
    if (bad.error === '') expect(answer.text).toBe('');
    else {
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      expect(answer.json()).toEqual({
        error: bad.error,
        error_description: expect.stringMatching(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/) as string,
      });
    }
    const challenge = answer.headers['www-authenticate'];
    if (bad.challenge) expect(challenge).toMatch(bad.challenge);
    else expect(challenge).toBeUndefined();
    if (row === 'wrong method') expect(answer.headers.allow).toBe(endpoint.methods);
    expect(recorded).toMatchObject({ endpoint: endpoint.name, reason: bad.reason });
  });

  it.each(endpoints.map((endpoint): [string, EndpointUnderTest] => [endpoint.path, endpoint]))(
    '%s answers a preflight as it takes part in CORS, and records none',
    async (path, { cors, methods }) => {
      const headers = { Origin: origin, 'Access-Control-Request-Method': 'POST' };
      const { answer, id } = await sent(path, { method: 'OPTIONS', headers });
      expect(answer.status).toBe(204);
      expect(answer.headers['access-control-allow-origin']).toBe(cors ? origin : undefined);
      expect(answer.headers['access-control-allow-methods']).toBe(cors ? methods : undefined);
      expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
      const plain = await sent(path, { method: 'OPTIONS' });
      expect([plain.answer.status, plain.answer.headers.allow]).toEqual([204, `${methods}, OPTIONS`]);
      await provider.app.get(FailedRequests).flush();
      expect(await recordedOf(id)).toBeUndefined();
    },
  );

  it.each(endpoints.map(({ path }): [string] => [path]))(
    '%s records twenty failed requests of one source in a minute, and counts the rest',
    async (path) => {
      const localAddress = `127.0.1.${1 + endpoints.findIndex((endpoint) => endpoint.path === path)}`;
      const refusals = provider.app.get(FailedRequests);
      for (let count = 0; count < 25; count++)
        await send(`${provider.issuer}${path}`, { method: 'PATCH', localAddress });
      await refusals.flush();
      const { failedRequests: kept } = await refusals.list({ limit: 1000 });
      expect(kept.filter(({ address }) => address === localAddress)).toHaveLength(20);
      expect(await refusals.counts(0, 1000)).toContainEqual({ source: localAddress, count: 5 });
    },
  );

  it('keeps of a failed registration what was asked for, and of the rest no more than its length', async () => {
    const metadata = {
      redirect_uris: ['ftp://client.test/'],
      client_name: 'Not to be kept',
      grant_types: ['x'],
      jwks: {},
    };
    const { id } = await sent('/oauth/register', {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(metadata),
    });
    await provider.app.get(FailedRequests).flush();
    expect((await recordedOf(id))?.parameters).toEqual({
      redirect_uris: 'ftp://client.test/',
      client_name: '(14 characters)',
      grant_types: 'x',
    });
  });

  it('names the client of a failed request where its token says it', async () => {
    const machine = await send(`${provider.issuer}/oauth/token`, {
      method: 'POST',
      body: 'grant_type=client_credentials',
      headers: { 'Content-Type': formType, Authorization: basic(client.client, client.secret) },
    });
    const { access_token: token } = machine.json<Tokens>();
    const { id } = await sent('/oauth/userinfo', { method: 'GET', headers: { Authorization: `Bearer ${token}` } });
    const { id: ofConfiguration } = await sent('/oauth/register/someone', { method: 'GET' });
    await provider.app.get(FailedRequests).flush();
    expect(await recordedOf(id)).toMatchObject({
      reason: 'bearer.no_person',
      clientId: client.client.id,
    });
    expect(await recordedOf(ofConfiguration)).toMatchObject({
      reason: 'bearer.none',
      clientId: 'someone',
    });
  });
});
