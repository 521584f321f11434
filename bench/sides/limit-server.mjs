// The limit: the same protocol work as the others do, by hand on node:http, with no log, limits, audit or framework.
// It shows what the work itself costs. It is no product: it answers what the benchmark asks and trusts its environment.
import { timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { parse as parseForm, stringify } from 'node:querystring';
import { verify } from '@node-rs/argon2';
import { openLimitStore } from './limit-store.mjs';
import { newToken, parseToken, proves, publicKeys, sealAnswer, sha256, signJwt } from './limit-tokens.mjs';

const { BENCH_PORT, BENCH_DATABASE, BENCH_SEED } = process.env;
const seed = JSON.parse(BENCH_SEED);
const issuer = `http://127.0.0.1:${BENCH_PORT}`;
const store = openLimitStore(BENCH_DATABASE);
const clients = new Map([[seed.clientId, { id: seed.clientId, secretHash: sha256(seed.clientSecret), redirectUri: seed.redirectUri, scope: new Set(seed.scope.split(' ')) }]]);
seed.users.forEach((user, index) => {
  const id = `user-${index}`;
  store.insertUser.run(id, user.username, user.passwordHash, user.email, 1_760_000_000);
  store.insertConsent.run(id, seed.clientId, seed.scope);
});

const accessSeconds = 3600;
const refreshSeconds = 30 * 86_400;
const now = () => Math.floor(Date.now() / 1000);

const staticHeaders = (body) => ['Content-Type', 'application/json; charset=utf-8', 'Cache-Control', 'public, max-age=300', 'Content-Length', String(body.length)];
const discovery = Buffer.from(JSON.stringify(metadata()));
const jwks = Buffer.from(JSON.stringify({ keys: publicKeys() }));
const discoveryHeaders = staticHeaders(discovery);
const jwksHeaders = staticHeaders(jwks);

function json(response, status, value) {
  const body = typeof value === 'string' ? value : JSON.stringify(value);
  response.writeHead(status, ['Content-Type', 'application/json; charset=utf-8', 'Cache-Control', 'no-store', 'Content-Length', String(Buffer.byteLength(body))]);
  response.end(body);
}

function redirect(response, location, cookie) {
  response.writeHead(303, ['Location', location, 'Cache-Control', 'no-store', 'Content-Length', '0', ...(cookie ? ['Set-Cookie', cookie] : [])]);
  response.end();
}

function form(request) {
  return new Promise((resolve, reject) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => resolve(parseForm(text)));
    request.on('error', reject);
  });
}

function authenticate(request) {
  const credentials = Buffer.from((request.headers.authorization ?? '').slice(6), 'base64').toString();
  const colon = credentials.indexOf(':');
  const client = clients.get(decodeURIComponent(credentials.slice(0, colon)));
  const hash = sha256(decodeURIComponent(credentials.slice(colon + 1)));
  return client && timingSafeEqual(client.secretHash, hash) ? client : undefined;
}

function idToken({ userId, clientId, accessToken, authTime, nonce, sessionId, at }) {
  const claims = { iss: issuer, sub: userId, aud: clientId, iat: at, exp: at + accessSeconds, auth_time: authTime, nonce, amr: ['pwd'], sid: sessionId };
  return signJwt({ ...claims, at_hash: sha256(accessToken).toString('base64url', 0, 16) });
}

/** Makes the tokens of a grant, and the statements that store them. */
function prepare(grant, clientId, scope, nonce, at, withRefresh) {
  const access = newToken();
  const refresh = withRefresh ? newToken() : undefined;
  const openid = scope.startsWith('openid');
  const body = JSON.stringify({
    access_token: access.text,
    token_type: 'Bearer',
    expires_in: accessSeconds,
    scope,
    refresh_token: refresh?.text,
    id_token: openid ? idToken({ userId: grant.user_id, clientId, accessToken: access.text, authTime: grant.auth_time, nonce, sessionId: grant.session_id, at }) : undefined,
  });
  const write = () => {
    if (store.useGrant.run(at + refreshSeconds, grant.selector).changes !== 1) return false;
    store.insertAccess.run(access.selector, access.hash, grant.selector, clientId, grant.user_id, scope, at, at + accessSeconds);
    if (refresh) store.insertRefresh.run(refresh.selector, refresh.hash, grant.selector, clientId, scope, at, at + refreshSeconds);
    return true;
  };
  return { body, write, successor: refresh?.selector ?? 0 };
}

const grantTypes = {
  async client_credentials(client) {
    const at = now();
    const token = newToken();
    await store.run(() => store.insertAccess.run(token.selector, token.hash, null, client.id, null, '', at, at + accessSeconds));
    return { access_token: token.text, token_type: 'Bearer', expires_in: accessSeconds, scope: '' };
  },
  async authorization_code(client, parameters) {
    const at = now();
    const token = parseToken(parameters.code);
    const row = token && store.code.get(token.selector);
    if (!token || !proves(token, row) || row.client_id !== client.id) return undefined;
    const fits = row.challenge === sha256(parameters.code_verifier ?? '').toString('base64url') && row.redirect_uri === parameters.redirect_uri;
    const grant = fits && row.expires_at > at ? store.grant.get(row.grant_selector, at) : undefined;
    if (row.consumed_at !== null) await store.run(() => store.revokeGrant.run(at, row.grant_selector));
    if (!grant || row.consumed_at !== null) return undefined;
    const made = prepare(grant, client.id, row.scope, row.nonce, at, row.scope.includes('offline_access'));
    return (await store.run(() => store.consumeCode.run(at, token.selector).changes === 1 && made.write())) ? made.body : undefined;
  },
  async refresh_token(client, parameters) {
    const at = now();
    const token = parseToken(parameters.refresh_token);
    const row = token && store.refresh.get(token.selector);
    if (!token || !proves(token, row) || row.client_id !== client.id || row.expires_at <= at) return undefined;
    if (row.consumed_at !== null) {
      await store.run(() => store.revokeGrant.run(at, row.grant_selector));
      return undefined;
    }
    const grant = store.grant.get(row.grant_selector, at);
    if (!grant) return undefined;
    const made = prepare(grant, client.id, row.scope, undefined, at, true);
    const answer = sealAnswer(token.verifier, made.body);
    const rotated = await store.run(() => store.consumeRefresh.run(at, made.successor, answer, token.selector).changes === 1 && made.write());
    return rotated ? made.body : undefined;
  },
};

async function token(request, response) {
  const parameters = await form(request);
  const client = authenticate(request);
  if (!client) return json(response, 401, { error: 'invalid_client' });
  const body = await grantTypes[parameters.grant_type]?.(client, parameters);
  return body === undefined ? json(response, 400, { error: 'invalid_grant' }) : json(response, 200, body);
}

async function introspect(request, response) {
  const parameters = await form(request);
  const client = authenticate(request);
  if (!client) return json(response, 401, { error: 'invalid_client' });
  const presented = parseToken(parameters.token);
  const row = presented && store.access.get(presented.selector, now());
  if (!presented || !proves(presented, row) || row.client_id !== client.id) return json(response, 200, { active: false });
  const user = row.user_id === null ? undefined : store.user.get(row.user_id);
  return json(response, 200, { active: true, iss: issuer, client_id: row.client_id, scope: row.scope, sub: row.user_id ?? undefined, username: user?.username, iat: row.issued_at, exp: row.expires_at, token_type: 'Bearer' });
}

function userinfo(request, response) {
  const presented = parseToken(request.headers.authorization?.slice(7));
  const row = presented && store.access.get(presented.selector, now());
  const user = proves(presented, row) ? store.user.get(row.user_id) : undefined;
  if (!user) return json(response, 401, { error: 'invalid_token' });
  return json(response, 200, { sub: user.id, preferred_username: user.username, updated_at: user.updated_at, email: user.email, email_verified: true });
}

function cookie(request, name) {
  const text = request.headers.cookie ?? '';
  const at = text.indexOf(`${name}=`);
  return at < 0 ? undefined : text.slice(at + name.length + 1).split(';', 1)[0];
}

function sessionOf(request) {
  const presented = parseToken(cookie(request, 'session'));
  const row = presented && store.session.get(presented.selector, now());
  return presented && proves(presented, row) ? row : undefined;
}

async function authorize(request, response, query) {
  const parameters = parseForm(query);
  const client = clients.get(parameters.client_id);
  if (!client || client.redirectUri !== parameters.redirect_uri) return json(response, 400, { error: 'invalid_request' });
  const scope = parameters.scope.split(' ');
  if (parameters.response_type !== 'code' || parameters.code_challenge_method !== 'S256' || !scope.every((one) => client.scope.has(one))) return json(response, 400, { error: 'invalid_request' });
  const session = sessionOf(request);
  const at = now();
  if (!session) {
    const kept = newToken();
    await store.run(() => store.insertPending.run(kept.selector, query, at + accessSeconds));
    return redirect(response, `/login?request=${kept.selector}`);
  }
  const consented = store.consent.get(session.user_id, client.id)?.scope.split(' ') ?? [];
  if (!store.user.get(session.user_id) || !scope.every((one) => consented.includes(one))) return json(response, 400, { error: 'consent_required' });
  const grant = newToken();
  const code = newToken();
  await store.run(() => {
    store.insertGrant.run(grant.selector, client.id, session.user_id, session.id, parameters.scope, session.auth_time, at + 60);
    store.insertCode.run(code.selector, code.hash, grant.selector, client.id, parameters.redirect_uri, parameters.scope, parameters.code_challenge, parameters.nonce ?? null, at + 60);
  });
  return redirect(response, `${client.redirectUri}?${stringify({ code: code.text, state: parameters.state, iss: issuer })}`);
}

function loginPage(response, query) {
  const page = `<!doctype html><title>Log in</title><form method="post" action="/login?${query}"><input name="username"><input type="password" name="password"><button type="submit">Log in</button></form>`;
  response.writeHead(200, ['Content-Type', 'text/html; charset=utf-8', 'Cache-Control', 'no-store', 'Content-Length', String(page.length)]);
  response.end(page);
}

async function login(request, response, query) {
  const parameters = await form(request);
  const user = store.userByName.get(parameters.username);
  if (!user || !(await verify(user.password_hash, parameters.password))) return json(response, 401, { error: 'wrong' });
  const session = newToken();
  const at = now();
  const kept = store.pending.get(Number(parseForm(query).request), at);
  await store.run(() => store.insertSession.run(session.selector, session.hash, session.verifier.slice(0, 22), user.id, at, at + refreshSeconds));
  return redirect(response, kept ? `/authorize?${kept.parameters}` : '/', `session=${session.text}; Path=/; HttpOnly; SameSite=Lax`);
}

/** Nothing but the hash, over HTTP: the rate that no login can pass. */
async function hashOnly(request, response) {
  const parameters = await form(request);
  const user = store.userByName.get(parameters.username);
  json(response, (await verify(user.password_hash, parameters.password)) ? 200 : 401, {});
}

function answer(request, response) {
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
    claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'amr', 'sid', 'at_hash', 'preferred_username', 'updated_at', 'email', 'email_verified'],
  };
}

const server = createServer({ keepAliveTimeout: 65_000 }, answer).listen(Number(BENCH_PORT), '127.0.0.1');
process.on('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  store.close();
  process.exit(0);
});
