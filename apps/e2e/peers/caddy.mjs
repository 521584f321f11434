import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../../scripts/lib/free-port.cjs';
import { root } from '../../../scripts/lib/root.mjs';
import { temporaryFolder } from '../chaos/lib/folder.mjs';
import { findProgram, waitFor } from './lib/command.mjs';
import { checkProxy, startProviders } from './lib/proxied.mjs';
import { startServer } from './lib/server.mjs';
import { Skipped } from './lib/skipped.mjs';

/** Caddy with deploy/Caddyfile, for localhost, for which its own authority makes the certificate. */
export async function behindCaddy(report) {
  const caddy = findProgram('caddy');
  if (caddy === undefined) throw new Skipped('Caddy is not installed (apt-get install caddy)');
  const folder = temporaryFolder();
  const host = `localhost:${await freePort()}`;
  const base = `https://${host}`;
  const { providers, end } = await startProviders(base);
  const [first, second] = providers.map(({ base: address }) => new URL(address).host);
  const site = readFileSync(join(root, 'deploy/Caddyfile'), 'utf8')
    .replace('provider-1:5000', first)
    .replace('provider-2:5000', second);
  const file = join(folder, 'Caddyfile');
  const options = '{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n';
  writeFileSync(file, options + site);
  const server = startServer(caddy, ['run', '--config', file, '--adapter', 'caddyfile'], {
    env: { PATH: process.env.PATH, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, LOGIN_HOST: host },
  });
  try {
    const authority = join(folder, 'caddy/pki/authorities/local/root.crt');
    await waitFor('Caddy', () => existsSync(authority));
    await checkProxy(report, { base, ca: readFileSync(authority), providers });
  } catch (error) {
    throw new Error(`${error.message}; Caddy: ${server.said()}`, { cause: error });
  } finally {
    await server.end();
    await end();
  }
}
