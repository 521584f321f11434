import { randomBytes } from 'node:crypto';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { runPostgres } from '../../../../scripts/lib/postgres-process.mjs';
import { temporaryFolder } from '../../chaos/lib/folder.mjs';
import { programs, Provider } from '../../chaos/lib/provider.mjs';
import { Site } from '../../chaos/lib/site.mjs';
import { pause } from '../../chaos/lib/time.mjs';
import { addClient, postLogoutRedirectUri } from './client.mjs';
import { run, waitFor } from './command.mjs';
import { Visitor } from './visitor.mjs';

/** An address of loopback that is no proxy's. Systems other than Linux have only the first one. */
const visitorAddress = process.platform === 'linux' ? '127.0.0.9' : '127.0.0.1';
const forgedAddress = '203.0.113.7';

/** Two providers on one PostgreSQL, as in deploy/compose.yaml, for a proxy at an address. */
export async function startProviders(base) {
  const postgres = await runPostgres({ durable: true });
  const environment = {
    GATEHOUSE_DATABASE_URL: postgres.url,
    GATEHOUSE_DATABASE_CONNECTIONS: '6',
    GATEHOUSE_DATA_DIR: temporaryFolder(),
    GATEHOUSE_SECRET_KEY: randomBytes(32).toString('base64'),
    GATEHOUSE_ISSUER: base,
    GATEHOUSE_HOST: '127.0.0.1',
    GATEHOUSE_TRUSTED_PROXIES: '127.0.0.1/32',
  };
  const providers = [await Provider.at(environment), await Provider.at(environment)];
  const end = async () => {
    for (const provider of providers) await provider.stop();
    await postgres.end();
  };
  return { providers, end };
}

/** What must hold of a proxy in front of two providers. @param ca certificate that its own is from */
export async function checkProxy(report, { base, ca, providers }) {
  const [first, second] = providers;
  const site = new Site(base, { ca, localAddress: visitorAddress, family: 4 });
  await waitFor('the proxy', async () => (await site.http.send('/readyz').catch(() => undefined))?.status === 200);
  site.client = await addClient(first);
  const visitor = await Visitor.loggedIn(site, 'ada');
  const page = await site.http.send('/login');
  report.check('HSTS reaches the browser', page.headers['strict-transport-security'] !== undefined);
  const names = [...visitor.cookies.keys()];
  report.check('cookies are __Host- cookies', names.length > 0 && names.every(isHostCookie), names.join());
  const tokens = await checkTokens(report, site, visitor);
  await checkAddress(report, site, first);

  for (const [name, provider] of [
    ['first', first],
    ['second', second],
  ]) {
    const outcomes = [];
    const load = Array.from({ length: 40 }, async (_, index) => {
      await pause(index * 50);
      outcomes.push((await site.http.send('/.well-known/openid-configuration')).status);
    });
    await provider.end('SIGTERM');
    await Promise.all(load);
    report.all(
      `a GET while the ${name} provider ends is answered`,
      40,
      outcomes.filter((status) => status !== 200),
    );
    const again = await Visitor.loggedIn(site, `ada-${name}`);
    const { access_token: token } = await again.tokens({ scope: 'openid' });
    report.check(`a person logs in without the ${name} provider`, token !== undefined);
    await provider.start();
    // The proxy asks every two seconds whether it is back.
    await pause(4000);
  }
  await checkLogout(report, site, visitor, tokens);
  site.http.close();
}

function isHostCookie(name) {
  return name.startsWith('__Host-');
}

async function checkTokens(report, site, visitor) {
  const tokens = await visitor.tokens({ scope: 'openid profile offline_access', nonce: 'some-nonce' });
  const keys = createLocalJWKSet(JSON.parse((await site.http.send('/.well-known/jwks.json')).text));
  const { payload } = await jwtVerify(tokens.id_token, keys, { issuer: site.base, audience: site.client.client_id });
  report.check('a login by the code flow with PKCE ends in a valid ID token', payload.nonce === 'some-nonce');
  const info = await site.http.send('/oauth/userinfo', { headers: { authorization: `Bearer ${tokens.access_token}` } });
  report.check('UserInfo answers', JSON.parse(info.text).sub === payload.sub, String(info.status));
  const wrong = await site.http.send('/oauth/userinfo', { headers: { authorization: 'Bearer wrong' } });
  report.check('UserInfo refuses a wrong token', wrong.status === 401, String(wrong.status));
  const refreshed = await site.refresh(tokens.refresh_token);
  report.check('a refresh is answered', refreshed.status === 200, String(refreshed.status));
  const refused = await site.refresh(`${tokens.refresh_token}x`);
  report.check('a wrong refresh token is refused', refused.status === 400, String(refused.status));
  return { ...tokens, ...JSON.parse(refreshed.text) };
}

/** The client's address is what the proxy saw, whatever the client said. */
async function checkAddress(report, site, provider) {
  const headers = { 'x-forwarded-for': forgedAddress };
  const form = { grant_type: 'refresh_token', refresh_token: 'wrong', client_id: site.client.client_id };
  await site.http.send('/oauth/token', { form: { ...form, client_secret: 'wrong' }, headers });
  const env = { PATH: process.env.PATH, NODE_ENV: 'production', ...provider.environment };
  const lines = await run(process.execPath, [programs.command, 'audit', 'export'], { env });
  const addresses = new Set(
    lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).address)
      .filter((address) => address !== null && address !== undefined),
  );
  report.check(
    'events carry the address of the client, not what X-Forwarded-For said before the proxy',
    addresses.has(visitorAddress) && !addresses.has(forgedAddress),
    [...addresses].join(),
  );
}

async function checkLogout(report, site, visitor, tokens) {
  const query = new URLSearchParams({
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: postLogoutRedirectUri,
    state: 'bye',
  });
  const reached = await visitor.follow(`${site.base}/oauth/logout?${query}`);
  report.check('a logout leads back to the client', reached === `${postLogoutRedirectUri}?state=bye`, reached);
  report.check('the person is logged out then', !(await visitor.isLoggedIn()));
}
