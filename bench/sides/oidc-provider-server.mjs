// node-oidc-provider configured according to its documentation, with what the workloads require: a SQLite adapter, a login page,
// and remembered consent.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { parse as parseForm } from 'node:querystring';
import { text } from 'node:stream/consumers';
import { verify } from '@node-rs/argon2';
import { Provider } from 'oidc-provider';
import { apiScope, jwtApi } from './seed.mjs';
import { adapterClass, openAdapterStore } from './oidc-provider-adapter.mjs';

const { BENCH_PORT, BENCH_DATABASE, BENCH_SEED } = process.env;
const seed = JSON.parse(BENCH_SEED);
const issuer = `http://127.0.0.1:${BENCH_PORT}`;
const database = openAdapterStore(BENCH_DATABASE);
const addUser = database.prepare('INSERT OR IGNORE INTO users VALUES (?, ?, ?, ?, ?)');
seed.users.forEach((user, index) =>
  addUser.run(`user-${index}`, user.username, user.passwordHash, user.email, 1_760_000_000),
);
const userById = database.prepare('SELECT * FROM users WHERE id = ?');
const userByName = database.prepare('SELECT * FROM users WHERE username = ?');
const consentOf = database.prepare('SELECT grant_id FROM consents WHERE user_id = ? AND client_id = ?');
const remember = database.prepare('INSERT OR REPLACE INTO consents VALUES (?, ?, ?)');

const keyPairs = [
  generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  generateKeyPairSync('rsa', { modulusLength: 2048 }),
  generateKeyPairSync('ed25519'),
];

const provider = new Provider(issuer, {
  adapter: adapterClass(database),
  clients: [seed.client, seed.keepingClient].map(({ id, secret }) => ({
    client_id: id,
    client_secret: secret,
    redirect_uris: [seed.redirectUri],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic',
    id_token_signed_response_alg: 'ES256',
  })),
  jwks: {
    keys: keyPairs.map(({ privateKey }, index) => ({
      ...privateKey.export({ format: 'jwk' }),
      kid: `bench-${index}`,
      use: 'sig',
    })),
  },
  cookies: { keys: ['the benchmark signs its cookies with this'] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    dPoP: { enabled: true, allowReplay: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo: (_context, resource) => ({
        scope: apiScope,
        audience: resource,
        accessTokenTTL: 3600,
        accessTokenFormat: resource === jwtApi ? 'jwt' : 'opaque',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
    revocation: { enabled: true },
  },
  scopes: ['openid', 'profile', 'email', 'offline_access'],
  claims: { openid: ['sub'], profile: ['preferred_username', 'updated_at'], email: ['email', 'email_verified'] },
  rotateRefreshToken: ({ oidc }) => oidc.client.clientId === seed.client.id,
  pkce: { required: () => true },
  ttl: {
    AccessToken: 3600,
    ClientCredentials: 3600,
    IdToken: 3600,
    AuthorizationCode: 60,
    RefreshToken: 30 * 86_400,
    Session: 7 * 86_400,
    Grant: 30 * 86_400,
    Interaction: 3600,
  },
  findAccount: async (_context, id) => {
    const user = userById.get(id);
    return (
      user && {
        accountId: id,
        claims: async () => ({
          sub: id,
          preferred_username: user.username,
          updated_at: user.updated_at,
          email: user.email,
          email_verified: true,
        }),
      }
    );
  },
  loadExistingGrant: async (context) => {
    const { oidc } = context;
    const id =
      oidc.result?.consent?.grantId ??
      oidc.session.grantIdFor(oidc.client.clientId) ??
      consentOf.get(oidc.session.accountId, oidc.client.clientId)?.grant_id;
    return id === undefined ? undefined : oidc.provider.Grant.find(id);
  },
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
});

async function interact(request, response) {
  const details = await provider.interactionDetails(request, response);
  if (details.prompt.name === 'consent') return consent(request, response, details);
  if (request.method === 'GET') {
    const page = `<!doctype html><title>Log in</title><form method="post" action="/interaction/${details.uid}"><input name="username"><input type="password" name="password"><button type="submit">Log in</button></form>`;
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': page.length }).end(page);
    return;
  }
  const parameters = parseForm(await text(request));
  const user = userByName.get(parameters.username);
  if (!user || !(await verify(user.password_hash, parameters.password))) {
    response.writeHead(401, { 'Content-Length': 0 }).end();
    return;
  }
  await provider.interactionFinished(request, response, { login: { accountId: user.id, amr: ['pwd'] } });
}

/** Grants and remembers every consent. */
async function consent(request, response, details) {
  const { accountId } = details.session;
  const grant = new provider.Grant({ accountId, clientId: details.params.client_id });
  grant.addOIDCScope(seed.scope);
  const grantId = await grant.save();
  remember.run(accountId, details.params.client_id, grantId);
  await provider.interactionFinished(request, response, { consent: { grantId } }, { mergeWithLastSubmission: true });
}

const callback = provider.callback();
const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
  if (!request.url.startsWith('/interaction/')) return void callback(request, response);
  interact(request, response).catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    if (!response.headersSent) response.writeHead(500, { 'Content-Length': 0 }).end();
  });
}).listen(Number(BENCH_PORT), '127.0.0.1');
process.on('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  database.close();
  process.exit(0);
});
