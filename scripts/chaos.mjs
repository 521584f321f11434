// `npm run test:chaos`: what the built provider does when it is killed, when its disk is full, slow or broken, when its
// database is away or fails over, when it is restarted under load, and when four of it stand behind a proxy. `--short` takes about
// three minutes; names of parts run only those.
import './lib/node-version.mjs';
import { existsSync } from 'node:fs';
import { Report } from '../apps/e2e/chaos/lib/report.mjs';
import { programs } from '../apps/e2e/chaos/lib/provider.mjs';

const parts = {
  kill: 'kill',
  disk: 'disk-full',
  slow: 'slow-disk',
  postgres: 'postgres-away',
  failover: 'fail-over',
  restart: 'rolling-restart',
  four: 'four-processes',
};
// What measures times runs by itself.
const alone = ['slow'];
const words = process.argv.slice(2);
const short = words.includes('--short');
const chosen = words.filter((word) => word !== '--short');
const unknown = chosen.find((word) => parts[word] === undefined);
const reports = [];

if (unknown !== undefined) stop(`no part is called ${unknown}: ${Object.keys(parts).join(', ')}`);
if (!existsSync(programs.provider)) stop('the provider is not built: npm run build');

const minutes = short ? 8 : 60;
setTimeout(() => {
  const report = new Report('all');
  reports.push(report);
  report.check('everything ends in time', false, `it took more than ${minutes} minutes`);
  finish();
}, minutes * 60_000).unref();

const names = Object.keys(parts).filter((name) => chosen.length === 0 || chosen.includes(name));
// The short form is for every change: two parts at once, which wait much and share nothing. What measures times is alone.
const queue = names.filter((name) => !alone.includes(name));
const inTurn = async () => {
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) await run(name);
};
await Promise.all(short ? [inTurn(), inTurn()] : [inTurn()]);
for (const name of names.filter((each) => alone.includes(each))) await run(name);
finish();

async function run(name) {
  const report = new Report(name);
  reports.push(report);
  const began = Date.now();
  try {
    const [part] = Object.values(await import(`../apps/e2e/chaos/${parts[name]}.mjs`));
    await part(report, { short });
  } catch (error) {
    report.check('runs to its end', false, error.stack ?? error.message);
  }
  report.note(`${((Date.now() - began) / 1000).toFixed(1)} s`);
}

function finish() {
  const sum = (kind) => reports.reduce((total, report) => total + report[kind], 0);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
  process.exit(sum('failed') === 0 ? 0 : 1);
}

function stop(why) {
  console.error(why);
  process.exit(1);
}
