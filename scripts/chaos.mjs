// `npm run test:chaos`: what the built provider does when it is killed, when its disk is full, when its database is
// away and when it is restarted under load. `--short` takes under a minute; names of parts run only those.
import './lib/node-version.mjs';
import { existsSync } from 'node:fs';
import { Report } from '../apps/e2e/chaos/lib/report.mjs';
import { programs } from '../apps/e2e/chaos/lib/provider.mjs';

const parts = { kill: 'kill', disk: 'disk-full', postgres: 'postgres-away', restart: 'rolling-restart' };
const words = process.argv.slice(2);
const short = words.includes('--short');
const chosen = words.filter((word) => word !== '--short');
const unknown = chosen.find((word) => parts[word] === undefined);
const report = new Report();

if (unknown !== undefined) stop(`no part is called ${unknown}: ${Object.keys(parts).join(', ')}`);
if (!existsSync(programs.provider)) stop('the provider is not built: npm run build');

const milliseconds = (short ? 3 : 45) * 60_000;
setTimeout(() => {
  report.check('everything ends in time', false, `it took more than ${milliseconds / 60_000} minutes`);
  finish();
}, milliseconds).unref();

for (const [name, file] of Object.entries(parts)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  report.part = name;
  const began = Date.now();
  try {
    const part = Object.values(await import(`../apps/e2e/chaos/${file}.mjs`))[0];
    await part(report, { short });
  } catch (error) {
    report.check('runs to its end', false, error.stack ?? error.message);
  }
  report.note(`${((Date.now() - began) / 1000).toFixed(1)} s`);
}
finish();

function finish() {
  console.log(report.line);
  process.exit(report.failed === 0 ? 0 : 1);
}

function stop(why) {
  console.error(why);
  process.exit(1);
}
