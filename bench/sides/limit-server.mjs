// The limit: the protocol work of the other servers, hand-written on node:http without log, limits, audit or framework. It shows
// the cost of the work itself. It is not a product: it supports only the requests of the benchmark and trusts its environment.
import { createServer } from 'node:http';
import { verify } from '@node-rs/argon2';
import { issuer, now, port, store } from './limit-context.mjs';
import { authenticate, grantTypes } from './limit-grants.mjs';
import { form, json } from './limit-http.mjs';
import { authorize, login, loginPage } from './limit-pages.mjs';
import { parseToken, proves, publicKeys } from './limit-tokens.mjs';

const staticHeaders = (body) => [
  'Content-Type',
  'application/json; charset=utf-8',
  'Cache-Control',
  'public, max-age=300',
  'Content-Length',
  String(body.length),
];
const discovery = Buffer.from(JSON.stringify(metadata()));
const jwks = Buffer.from(JSON.stringify({ keys: publicKeys() }));
const discoveryHeaders = staticHeaders(discovery);
const jwksHeaders = staticHeaders(jwks);

async function token(request, response) {
  const parameters = await form(request);
  const client = authenticate(request);
  if (!client) return json(response, 401, { error: 'invalid_client' });
  const body = await grantTypes[parameters.grant_type]?.(client, parameters, request.headers.dpop);
  return body === undefined ? json(response, 400, { error: 'invalid_grant' }) : json(response, 200, body);
}

async function introspect(request, response) {
  const parameters = await form(request);
  const client = authenticate(request);
  if (!client) return json(response, 401, { error: 'invalid_client' });
  const presented = parseToken(parameters.token);
  const row = presented && store.access.get(presented.selector, now());
  if (!presented || !proves(presented, row) || row.client_id !== client.id)
    return json(response, 200, { active: false });
  const user = row.user_id === null ? undefined : store.user.get(row.user_id);
  return json(response, 200, {
    active: true,
    iss: issuer,
    client_id: row.client_id,
    scope: row.scope,
    sub: row.user_id ?? undefined,
    username: user?.username,
    iat: row.issued_at,
    exp: row.expires_at,
    token_type: 'Bearer',
  });
}

function userinfo(request, response) {
  const presented = parseToken(request.headers.authorization?.slice(7));
  const row = presented && store.access.get(presented.selector, now());
  const user = proves(presented, row) ? store.user.get(row.user_id) : undefined;
  if (!user) return json(response, 401, { error: 'invalid_token' });
  return json(response, 200, {
    sub: user.id,
    preferred_username: user.username,
    updated_at: user.updated_at,
    email: user.email,
    email_verified: true,
  });
}

/** Only the hash, over HTTP: the upper limit of the login rate. */
async function hashOnly(request, response) {
  const parameters = await form(request);
  const user = store.userByName.get(parameters.username);
  json(response, (await verify(user.password_hash, parameters.password)) ? 200 : 401, {});
}

function handle(request, response) {
  const mark = request.url.indexOf('?');
  const path = mark < 0 ? request.url : request.url.slice(0, mark);
  const query = mark < 0 ? '' : request.url.slice(mark + 1);
  switch (`${request.method} ${path}`) {
    case 'GET /.well-known/openid-configuration':
      response.writeHead(200, discoveryHeaders);
      return response.end(discovery);
    case 'GET /jwks':
      response.writeHead(200, jwksHeaders);
      return response.end(jwks);
    case 'POST /token':
      return token(request, response);
    case 'POST /introspect':
      return introspect(request, response);
    case 'GET /userinfo':
      return userinfo(request, response);
    case 'GET /authorize':
      return authorize(request, response, query);
    case 'GET /login':
      return loginPage(response, query);
    case 'POST /login':
      return login(request, response, query);
    case 'POST /hash':
      return hashOnly(request, response);
    default:
      return json(response, 404, { error: 'not_found' });
  }
}

function metadata() {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    introspection_endpoint: `${issuer}/introspect`,
    jwks_uri: `${issuer}/jwks`,
    scopes_supported: ['openid', 'profile', 'email', 'address', 'phone', 'offline_access'],
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'form_post'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256', 'ES256', 'EdDSA'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    claims_supported: [
      'sub',
      'iss',
      'aud',
      'exp',
      'iat',
      'auth_time',
      'nonce',
      'amr',
      'sid',
      'at_hash',
      'preferred_username',
      'updated_at',
      'email',
      'email_verified',
    ],
  };
}

const server = createServer({ keepAliveTimeout: 65_000 }, handle).listen(port, '127.0.0.1');
process.on('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  store.close();
  process.exit(0);
});
