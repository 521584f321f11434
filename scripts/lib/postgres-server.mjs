// Runs PostgreSQL (see postgres.mjs) as a child of this process. Prints { url, pid } as JSON in its first line, then reads the
// commands `stop`, `crash` and `start`, one per line, and prints `done` after each. Stops when its standard input closes, so that
// a killed run leaves no server behind. `--durable`: every commit is flushed, which is PostgreSQL's default. `--standby`: starts a
// second server that replicates it, whose URL is `standbyUrl` in the first line.
import { createInterface } from 'node:readline';
import { startPostgres } from './postgres.mjs';

// The parent script handles Ctrl-C.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => process.stdin.destroy());

const server = await startPostgres({
  durable: process.argv.includes('--durable'),
  standby: process.argv.includes('--standby'),
});
const { url, standbyUrl, pid } = server;
console.log(JSON.stringify({ url, standbyUrl, pid }));
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'start') await server.start();
  else await server.halt(line === 'crash' ? 'SIGQUIT' : 'SIGINT');
  console.log('done');
}
await server.stop();
