// A real PostgreSQL as a process of its own (see postgres.mjs). Its first line is { url, pid } as JSON; then it reads `stop`,
// `crash` and `start` as lines and says `done` after each. It ends when its standard input does: a run that is killed
// leaves no server behind. `--durable`: every commit is flushed, as after installation. `--standby`: a second server follows
// it, whose URL is `standbyUrl` of the first line.
import { createInterface } from 'node:readline';
import { startPostgres } from './postgres.mjs';

// A terminal's signal is for the script that began this.
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
