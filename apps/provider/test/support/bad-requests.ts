import { authorizationRequest, basic } from './provider';
import type { RegisteredClient } from './registration';
import type { Registered } from './tokens';

export const formType = 'application/x-www-form-urlencoded';
export const origin = 'https://client.test';

/** A request that an endpoint answers with an error, or takes no notice of what is wrong with it. */
export interface BadRequest {
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

export type Row =
  | 'wrong method'
  | 'wrong content type'
  | 'body too large'
  | 'repeated parameter'
  | 'two secrets at once'
  | 'unknown client'
  | 'bad DPoP proof'
  | 'NUL character';

/** What the requests are made of. */
export interface RegisteredForRequests {
  readonly client: Registered;
  readonly selfRegistered: RegisteredClient;
  /** An access token that is bound to a DPoP key. */
  readonly boundToken: string;
}

export interface EndpointUnderTest {
  /** As failed requests name it. */
  readonly name: string;
  readonly path: string;
  readonly methods: string;
  readonly cors: boolean;
  /** Rows that mean nothing there are left out. */
  readonly rows: (registered: RegisteredForRequests) => Partial<Record<Row, BadRequest>>;
}
const formOf = (fields: Readonly<Record<string, string>>): string => new URLSearchParams(fields).toString();

/** An endpoint that clients call by a form. @param dpop what it does with a proof that is none */
function ofClients(
  { name, path, cors }: { readonly name: string; readonly path: string; readonly cors: boolean },
  form: (client: Registered) => string,
  dpop: Pick<BadRequest, 'status' | 'error' | 'reason'>,
): EndpointUnderTest {
  return {
    name,
    path,
    cors,
    methods: 'POST',
    rows: ({ client }) => {
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
          body: `${form(client)}&x=${'a'.repeat(70_000)}`,
          status: 413,
          reason: 'body.too_large',
        },
        'repeated parameter': {
          ...invalid,
          headers: authenticated,
          body: `${form(client)}&x=1&x=2`,
          reason: 'parameter.repeated',
        },
        'two secrets at once': {
          ...invalid,
          headers: authenticated,
          body: `${form(client)}&client_secret=${client.secret}`,
          reason: 'client_auth.several',
        },
        'unknown client': {
          headers: { ...authenticated, Authorization: `Basic ${Buffer.from('nobody:secret').toString('base64')}` },
          body: form(client).replace(/&?client_id=[^&]*/, ''),
          status: 401,
          error: 'invalid_client',
          reason: 'client_auth.unknown',
          challenge: basicChallenge,
        },
        'bad DPoP proof': { ...dpop, headers: { ...authenticated, DPoP: 'no proof' }, body: form(client) },
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
  rows: ({ selfRegistered }) => {
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
  rows: ({ boundToken }) => {
    const form = { 'Content-Type': formType };
    const invalidRequest = /^Bearer realm="[^"]+", error="invalid_request", error_description="[^"]+"$/;
    return {
      'wrong method': { method: 'PUT', status: 405, error: 'invalid_request', reason: 'request.method' },
      // RFC 6750 2.2: such a body carries no token, and a request without one gets no error code (3.1).
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

export const endpoints: readonly EndpointUnderTest[] = [
  ofClients({ name: 'token', path: '/oauth/token', cors: true }, () => 'grant_type=client_credentials', invalidProof),
  ofClients(
    { name: 'par', path: '/oauth/par', cors: true },
    (client) => {
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

export const rows: readonly Row[] = [
  'wrong method',
  'wrong content type',
  'body too large',
  'repeated parameter',
  'two secrets at once',
  'unknown client',
  'bad DPoP proof',
  'NUL character',
];
