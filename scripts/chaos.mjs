// `npm run test:chaos`: chaos tests of the built provider: a killed process or worker; a full, slow or broken disk; an
// unavailable or read-only database and a failover; a restart, backup, copy or migration under load; four processes behind a
// proxy. `--short` takes about four minutes; names of parts run only those.
import './lib/node-version.mjs';
import { existsSync } from 'node:fs';
import { Report } from '../apps/e2e/chaos/lib/report.mjs';
import { programs } from '../apps/e2e/chaos/lib/provider.mjs';

// `least`: the minimum number of successful responses under load, in the short and in the long form. A part waits for about as
// many before it injects a fault, so that a slow machine reaches the minimum too.
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
// Parts that measure times run alone.
const alone = ['slow'];
const words = process.argv.slice(2);
const short = words.includes('--short');
const selected = words.filter((word) => word !== '--short');
const unknown = selected.find((word) => parts[word] === undefined);
const reports = [];

if (unknown !== undefined) exitWithError(`unknown part ${unknown}; the parts are ${Object.keys(parts).join(', ')}`);
if (!existsSync(programs.provider)) exitWithError('the provider is not built: npm run build');

// A limit against hangs, generous enough for a shared machine.
const minutes = short ? 15 : 120;
setTimeout(() => {
  const report = new Report('all');
  reports.push(report);
  report.check('finishes in time', false, `it took more than ${minutes} minutes`);
  finish();
}, minutes * 60_000).unref();

const names = Object.keys(parts).filter((name) => selected.length === 0 || selected.includes(name));
// The short form runs for every change: two parts at a time, since they mostly wait and share nothing.
const queue = names.filter((name) => !alone.includes(name));
const runQueue = async () => {
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) await run(name);
};
await Promise.all(short ? [runQueue(), runQueue()] : [runQueue()]);
for (const name of names.filter((each) => alone.includes(each))) await run(name);
finish();

async function run(name) {
  const report = new Report(name);
  reports.push(report);
  const startedAt = Date.now();
  try {
    const { file, least } = parts[name];
    const [part] = Object.values(await import(`../apps/e2e/chaos/${file}.mjs`));
    await part(report, { short });
    if (!report.skipped) report.enoughResponses(least[short ? 0 : 1]);
  } catch (error) {
    report.check('completes', false, error.stack ?? error.message);
  }
  report.note(`${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
}

function finish() {
  const sum = (kind) => reports.reduce((total, report) => total + report[kind], 0);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
  process.exit(sum('failed') === 0 ? 0 : 1);
}

function exitWithError(message) {
  console.error(message);
  process.exit(1);
}
