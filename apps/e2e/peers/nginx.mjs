import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../../scripts/lib/free-port.cjs';
import { root } from '../../../scripts/lib/root.mjs';
import { temporaryFolder } from '../chaos/lib/folder.mjs';
import { findProgram, run } from './lib/command.mjs';
import { checkProxy, startProviders } from './lib/proxied.mjs';
import { startServer } from './lib/server.mjs';
import { Skipped } from './lib/skipped.mjs';

/** nginx with deploy/nginx.conf, its addresses and certificate replaced. */
export async function behindNginx(report) {
  const nginx = findProgram('nginx');
  if (nginx === undefined) throw new Skipped('nginx is not installed (apt-get install nginx)');
  const openssl = findProgram('openssl');
  if (openssl === undefined) throw new Skipped('openssl is not installed (apt-get install openssl)');
  const folder = temporaryFolder();
  const base = `https://localhost:${await freePort()}`;
  const { cert, key } = await makeCertificate(openssl, folder);
  const { providers, end } = await startProviders(base);
  writeConfiguration(folder, { base, cert, key, providers });
  const server = startServer(nginx, ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr']);
  try {
    await checkProxy(report, { base, ca: readFileSync(cert), providers });
  } catch (error) {
    throw new Error(`${error.message}; nginx: ${server.said()}`, { cause: error });
  } finally {
    await server.end();
    await end();
  }
}

async function makeCertificate(openssl, folder) {
  const cert = join(folder, 'tls.pem');
  const key = join(folder, 'tls.key');
  await run(openssl, [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-keyout', key, '-out', cert, '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
  ]);
  return { cert, key };
}

function writeConfiguration(folder, { base, cert, key, providers }) {
  const [first, second] = providers.map(({ base: address }) => new URL(address).host);
  const site = readFileSync(join(root, 'deploy/nginx.conf'), 'utf8')
    .replace('provider-1:5000', first)
    .replace('provider-2:5000', second)
    .replace('listen 443', `listen 127.0.0.1:${new URL(base).port}`)
    .replace('server_name login.example.com', 'server_name localhost')
    .replace(/ssl_certificate .*;/, `ssl_certificate ${cert};`)
    .replace(/ssl_certificate_key .*;/, `ssl_certificate_key ${key};`)
    .replace('/var/log/nginx/gatehouse.log', join(folder, 'access.log'));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  for (const name of temporary) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'site.conf'), site);
  writeFileSync(
    join(folder, 'nginx.conf'),
    [
      'daemon off;',
      ...(process.getuid?.() === 0 ? ['user root;'] : []),
      'worker_processes 1;',
      'pid nginx.pid;',
      'error_log stderr warn;',
      'events {}',
      'http {',
      'access_log off;',
      ...temporary.map((name) => `${name}_temp_path ${name};`),
      'include site.conf;',
      '}',
      '',
    ].join('\n'),
  );
}
