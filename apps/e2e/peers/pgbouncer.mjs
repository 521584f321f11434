import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../../scripts/lib/free-port.cjs';
import { runPostgres } from '../../../scripts/lib/postgres-process.mjs';
import { root } from '../../../scripts/lib/root.mjs';
import { temporaryFolder } from '../chaos/lib/folder.mjs';
import { Provider } from '../chaos/lib/provider.mjs';
import { addClient, postLogoutRedirectUri } from './lib/client.mjs';
import { findProgram, waitFor } from './lib/command.mjs';
import { startServer } from './lib/server.mjs';
import { Skipped } from './lib/skipped.mjs';
import { Visitor } from './lib/visitor.mjs';

const nobody = 65534;

/** The whole provider on PostgreSQL behind PgBouncer with deploy/pgbouncer.ini. */
export async function onPgbouncer(report) {
  const program = findProgram('pgbouncer');
  if (program === undefined) throw new Skipped('PgBouncer is not installed (apt-get install pgbouncer)');
  const postgres = await runPostgres({ durable: true });
  const port = await freePort();
  const server = startBouncer(program, new URL(postgres.url), port);
  try {
    await waitFor('PgBouncer', () => server.said().includes('process up'));
    const url = new URL(postgres.url);
    url.port = String(port);
    url.pathname = '/gatehouse';
    url.searchParams.set('pooler', 'transaction');
    const provider = await Provider.at({
      GATEHOUSE_DATABASE_URL: url.href,
      GATEHOUSE_DATA_DIR: temporaryFolder(),
      GATEHOUSE_SECRET_KEY: randomBytes(32).toString('base64'),
    });
    provider.client = await addClient(provider);
    await checkLogins(report, provider);
    await provider.stop();
  } catch (error) {
    throw new Error(`${error.message}; PgBouncer: ${server.said()}`, { cause: error });
  } finally {
    await server.end();
    await postgres.end();
  }
}

function startBouncer(program, target, port) {
  const folder = temporaryFolder();
  const users = join(folder, 'userlist.txt');
  const file = join(folder, 'pgbouncer.ini');
  writeFileSync(users, `"${target.username}" "${target.password}"\n`, { mode: 0o600 });
  const database = `gatehouse = host=127.0.0.1 port=${target.port} dbname=${target.pathname.slice(1)}`;
  writeFileSync(
    file,
    readFileSync(join(root, 'deploy/pgbouncer.ini'), 'utf8')
      .replace(/^gatehouse = .*$/m, database)
      .replace(/^listen_port = .*$/m, `listen_port = ${port}\nunix_socket_dir =`)
      .replace(/^auth_file = .*$/m, `auth_file = ${users}`)
      // Fewer than the provider opens to it, so that they are shared.
      .replace(/^default_pool_size = .*$/m, 'default_pool_size = 3'),
  );
  chmodSync(folder, 0o755);
  // It refuses to run as root.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(users, nobody, nobody);
  return startServer(program, [file], isRoot ? { uid: nobody, gid: nobody } : {});
}

async function checkLogins(report, provider) {
  const visitors = await Promise.all(
    Array.from({ length: 10 }, (_, index) => Visitor.loggedIn(provider, `person-${index}`)),
  );
  const scope = 'openid profile offline_access';
  const tokens = await Promise.all(visitors.map((visitor) => visitor.tokens({ scope })));
  report.check('ten people log in at once over three sessions of the database', tokens.every(Boolean));
  const refreshed = await Promise.all(tokens.map(({ refresh_token: token }) => provider.refresh(token)));
  report.all(
    'a refresh is answered',
    refreshed.length,
    refreshed.map(({ status }) => status).filter((status) => status !== 200),
  );
  const refused = await provider.refresh(`${tokens[0].refresh_token}x`);
  report.check('a wrong refresh token is refused', refused.status === 400, String(refused.status));
  const [{ access_token: token, id_token: hint }] = tokens;
  const headers = { authorization: `Bearer ${token}` };
  const info = await provider.http.send('/oauth/userinfo', { headers });
  report.check('UserInfo answers', JSON.parse(info.text).preferred_username === 'person-0', String(info.status));
  const query = new URLSearchParams({ id_token_hint: hint, post_logout_redirect_uri: postLogoutRedirectUri });
  const reached = await visitors[0].follow(`${provider.base}/oauth/logout?${query}`);
  report.check('a logout leads back to the client', reached === postLogoutRedirectUri, reached);
  report.check('the person is logged out then', !(await visitors[0].isLoggedIn()));
}
