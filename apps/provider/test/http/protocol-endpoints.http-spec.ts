import { randomBytes } from 'node:crypto';
import { FailedRequests, type FailedRequest } from '../../src/audit/failed-requests.service';
import { send, type Answer } from '../support/browser';
import { dpopKey, proofOf } from '../support/dpop';
import { authorizationRequest, basic, startProvider, type TestProvider } from '../support/provider';
import { registered, type RegisteredClient } from '../support/registration';
import type { Registered, Tokens } from '../support/tokens';

const formType = 'application/x-www-form-urlencoded';
const origin = 'https://client.test';

/** A request that an endpoint answers with an error, or takes no notice of what is wrong with it. */
interface BadRequest {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Undefined: not an error at this endpoint; it answers with `status`. */
  readonly error?: string;
  /** What the record of the failed request names. */
  readonly reason?: string;
  readonly status: number;
  /** `WWW-Authenticate`; undefined: there is none. */
  readonly challenge?: RegExp;
}

type Row =
  | 'wrong method'
  | 'wrong content type'
  | 'body too large'
  | 'repeated parameter'
  | 'two secrets at once'
  | 'unknown client'
  | 'bad DPoP proof'
  | 'NUL character';

interface EndpointUnderTest {
  /** As failed requests name it. */
  readonly name: string;
  readonly path: string;
  readonly methods: string;
  readonly cors: boolean;
  /** Rows that mean nothing there are left out. */
  readonly rows: () => Partial<Record<Row, BadRequest>>;
}

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

const formOf = (fields: Readonly<Record<string, string>>): string => new URLSearchParams(fields).toString();

/** An endpoint that clients call by a form. @param dpop what it does with a proof that is none */
function ofClients(
  { name, path, cors }: { readonly name: string; readonly path: string; readonly cors: boolean },
  form: () => string,
  dpop: Pick<BadRequest, 'status' | 'error' | 'reason'>,
): EndpointUnderTest {
  return {
    name,
    path,
    cors,
    methods: 'POST',
    rows: () => {
      const authenticated = { 'Content-Type': formType, Authorization: basic(client.client, client.secret) };
      const basicChallenge = /^Basic realm="[^"]+"/;
      const invalid = { status: 400, error: 'invalid_request' };
      return {
        'wrong method': { ...invalid, method: 'PUT', headers: authenticated, status: 405, reason: 'request.method' },
        'wrong content type': {
          ...invalid,
          headers: { ...authenticated, 'Content-Type': 'application/json' },
          body: '{}',
          reason: 'body.type',
        },
        'body too large': {
          ...invalid,
          headers: authenticated,
          body: `${form()}&x=${'a'.repeat(70_000)}`,
          status: 413,
          reason: 'body.too_large',
        },
        'repeated parameter': {
          ...invalid,
          headers: authenticated,
          body: `${form()}&x=1&x=2`,
          reason: 'parameter.repeated',
        },
        'two secrets at once': {
          ...invalid,
          headers: authenticated,
          body: `${form()}&client_secret=${client.secret}`,
          reason: 'client_auth.several',
        },
        'unknown client': {
          headers: { ...authenticated, Authorization: `Basic ${Buffer.from('nobody:secret').toString('base64')}` },
          body: form().replace(/&?client_id=[^&]*/, ''),
          status: 401,
          error: 'invalid_client',
          reason: 'client_auth.unknown',
          challenge: basicChallenge,
        },
        'bad DPoP proof': { ...dpop, headers: { ...authenticated, DPoP: 'no proof' }, body: form() },
        'NUL character': {
          headers: { 'Content-Type': formType },
          body: 'client_id=a%00b&client_secret=c%00d',
          status: 401,
          error: 'invalid_client',
          reason: 'client_auth.unknown',
          challenge: basicChallenge,
        },
      };
    },
  };
}

const invalidProof = { status: 400, error: 'invalid_dpop_proof', reason: 'dpop.malformed' };
const bearerChallenge = /^Bearer realm="[^"]+", error="invalid_token", error_description="[^"]+"$/;

const registration: EndpointUnderTest = {
  name: 'registration',
  path: '/oauth/register',
  methods: 'POST',
  cors: true,
  rows: () => {
    const json = { 'Content-Type': 'application/json' };
    const metadata = { redirect_uris: [`${origin}/registered`] };
    return {
      'wrong method': { method: 'PUT', status: 405, error: 'invalid_request', reason: 'request.method' },
      'wrong content type': {
        headers: { 'Content-Type': formType },
        body: 'client_name=x',
        status: 400,
        error: 'invalid_client_metadata',
        reason: 'registration.body',
      },
      'body too large': {
        headers: json,
        body: JSON.stringify({ ...metadata, client_name: 'a'.repeat(200_000) }),
        status: 413,
        error: 'invalid_request',
        reason: 'body.too_large',
      },
      // Its clients have no credentials yet: an initial access token is what authorizes the request (RFC 7591 3).
      'unknown client': {
        headers: { ...json, Authorization: 'Bearer wrong' },
        body: JSON.stringify(metadata),
        status: 401,
        error: 'invalid_token',
        reason: 'registration.initial_token',
        challenge: bearerChallenge,
      },
      'bad DPoP proof': { headers: { ...json, DPoP: 'no proof' }, body: JSON.stringify(metadata), status: 201 },
      'NUL character': {
        headers: json,
        body: JSON.stringify({ redirect_uris: ['https://client.test/\0'] }),
        status: 400,
        error: 'invalid_redirect_uri',
        reason: 'registration.redirect_uris',
      },
    };
  },
};

const configuration: EndpointUnderTest = {
  name: 'registration',
  path: '/oauth/register/nobody',
  methods: 'GET, PUT, DELETE',
  cors: true,
  rows: () => {
    const token = { Authorization: `Bearer ${selfRegistered.registration_access_token}` };
    return {
      'wrong method': { method: 'PATCH', status: 405, error: 'invalid_request', reason: 'request.method' },
      'wrong content type': {
        path: `/oauth/register/${selfRegistered.client_id}`,
        method: 'PUT',
        headers: { ...token, 'Content-Type': formType },
        body: 'client_name=x',
        status: 400,
        error: 'invalid_client_metadata',
        reason: 'registration.body',
      },
      'body too large': {
        method: 'PUT',
        headers: { ...token, 'Content-Type': 'application/json' },
        body: JSON.stringify({ client_name: 'a'.repeat(200_000) }),
        status: 413,
        error: 'invalid_request',
        reason: 'body.too_large',
      },
      'unknown client': {
        method: 'GET',
        headers: token,
        status: 401,
        error: 'invalid_token',
        reason: 'registration.wrong_token',
        challenge: bearerChallenge,
      },
      'bad DPoP proof': {
        path: `/oauth/register/${selfRegistered.client_id}`,
        method: 'GET',
        headers: { ...token, DPoP: 'no proof' },
        status: 200,
      },
    };
  },
};

const userinfo: EndpointUnderTest = {
  name: 'userinfo',
  path: '/oauth/userinfo',
  methods: 'GET, POST',
  cors: true,
  rows: () => {
    const form = { 'Content-Type': formType };
    const invalidRequest = /^Bearer realm="[^"]+", error="invalid_request", error_description="[^"]+"$/;
    return {
      'wrong method': { method: 'PUT', status: 405, error: 'invalid_request', reason: 'request.method' },
      // RFC 6750 2.2: such a body carries no token, and a request without one is told of no error (3.1).
      'wrong content type': {
        headers: { 'Content-Type': 'application/json' },
        body: '{"access_token":"x"}',
        status: 401,
        error: '',
        reason: 'bearer.none',
        challenge: /^Bearer realm="[^"]+", DPoP realm="[^"]+", algs="[^"]+"$/,
      },
      'body too large': {
        headers: form,
        body: `access_token=${'a'.repeat(70_000)}`,
        status: 413,
        error: 'invalid_request',
        reason: 'body.too_large',
        challenge: invalidRequest,
      },
      'repeated parameter': {
        headers: form,
        body: 'access_token=a.b&access_token=a.b',
        status: 400,
        error: 'invalid_request',
        reason: 'parameter.repeated',
        challenge: invalidRequest,
      },
      // RFC 6750 2: one method to send the token.
      'two secrets at once': {
        headers: { ...form, Authorization: 'Bearer a.b' },
        body: 'access_token=a.b',
        status: 400,
        error: 'invalid_request',
        reason: 'bearer.two_ways',
        challenge: invalidRequest,
      },
      'unknown client': {
        headers: { ...form, Authorization: 'Bearer a.b' },
        status: 401,
        error: 'invalid_token',
        reason: 'bearer.invalid',
        challenge: bearerChallenge,
      },
      // RFC 9449 7.1, 9: at a resource it is a 401 with a challenge.
      'bad DPoP proof': {
        method: 'GET',
        headers: { Authorization: `DPoP ${boundToken}`, DPoP: 'no proof' },
        status: 401,
        error: 'invalid_dpop_proof',
        reason: 'dpop.malformed',
        challenge: /^DPoP realm="[^"]+", error="invalid_dpop_proof", /,
      },
      'NUL character': {
        headers: form,
        body: 'access_token=a%00.b',
        status: 401,
        error: 'invalid_token',
        reason: 'bearer.invalid',
        challenge: bearerChallenge,
      },
    };
  },
};

const endpoints: readonly EndpointUnderTest[] = [
  ofClients({ name: 'token', path: '/oauth/token', cors: true }, () => 'grant_type=client_credentials', invalidProof),
  ofClients(
    { name: 'par', path: '/oauth/par', cors: true },
    () => {
      const { parameters } = authorizationRequest(client.client);
      return formOf(parameters as Record<string, string>);
    },
    invalidProof,
  ),
  // RFC 9449 has no part in these three: a proof is taken for any header that they do not know.
  ofClients({ name: 'device', path: '/oauth/device', cors: false }, () => 'scope=read', { status: 200 }),
  ofClients({ name: 'introspection', path: '/oauth/introspect', cors: false }, () => 'token=a.b', { status: 200 }),
  ofClients({ name: 'revocation', path: '/oauth/revoke', cors: true }, () => 'token=a.b', { status: 200 }),
  registration,
  configuration,
  userinfo,
];

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

const rows: readonly Row[] = [
  'wrong method',
  'wrong content type',
  'body too large',
  'repeated parameter',
  'two secrets at once',
  'unknown client',
  'bad DPoP proof',
  'NUL character',
];
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
    const bad = endpoint.rows()[row];
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
