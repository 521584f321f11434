// `npm run test:chaos`: what the built provider does when it or a worker is killed, when its disk is full, slow or broken, when
// its database is away, read-only or fails over, when it is restarted, backed up, copied or migrated under load, and when four of
// it stand behind a proxy. `--short` takes about four minutes; names of parts run only those.
import './lib/node-version.mjs';
import { existsSync } from 'node:fs';
import { Report } from '../apps/e2e/chaos/lib/report.mjs';
import { programs } from '../apps/e2e/chaos/lib/provider.mjs';

// `least`: the fewest successful responses under load, of the short form and of the long one. A part waits for about as many
// before it disturbs anything, so that a slow machine sees them too.
const parts = {
  kill: { file: 'kill', least: [45, 2_000] },
  workers: { file: 'workers', least: [60, 900] },
  retry: { file: 'retry-window', least: [40, 800] },
  disk: { file: 'disk-full', least: [70, 120] },
  slow: { file: 'slow-disk', least: [100, 200] },
  postgres: { file: 'postgres-away', least: [70, 300] },
  readonly: { file: 'read-only', least: [150, 450] },
  failover: { file: 'fail-over', least: [70, 180] },
  restart: { file: 'rolling-restart', least: [60, 300] },
  copies: { file: 'copies', least: [120, 800] },
  migration: { file: 'migration', least: [120, 550] },
  four: { file: 'four-processes', least: [300, 900] },
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

// Against a hang, and not against a machine that others use as well.
const minutes = short ? 15 : 120;
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
    const { file, least } = parts[name];
    const [part] = Object.values(await import(`../apps/e2e/chaos/${file}.mjs`));
    await part(report, { short });
    if (!report.skipped) report.enoughResponses(least[short ? 0 : 1]);
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
