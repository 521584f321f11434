// `npm run test:peers`: tests the built provider with third-party programs that CI does not install: a relying party in Go, a
// relying party and a resource server in Python, nginx, Caddy and PgBouncer. Each is installed in a pinned version in a temporary
// folder, or used as installed on the system; a peer that is not available is skipped with the reason. Names of peers run only
// those. The last line is `N passed, N failed`.
import './lib/node-version.mjs';
import { existsSync } from 'node:fs';
import { Report } from '../apps/e2e/chaos/lib/report.mjs';
import { programs } from '../apps/e2e/chaos/lib/provider.mjs';
import { Skipped } from '../apps/e2e/peers/lib/skipped.mjs';

/** By name: file and exported function. */
const peers = {
  go: ['go', 'goRelyingParty'],
  authlib: ['python', 'pythonRelyingParty'],
  pyjwt: ['python', 'pythonResourceServer'],
  nginx: ['nginx', 'behindNginx'],
  caddy: ['caddy', 'behindCaddy'],
  pgbouncer: ['pgbouncer', 'onPgbouncer'],
};

const selected = process.argv.slice(2);
const unknown = selected.find((name) => peers[name] === undefined);
if (unknown !== undefined) exitWithError(`unknown peer ${unknown}; the peers are ${Object.keys(peers).join(', ')}`);
if (!existsSync(programs.provider)) exitWithError('the provider is not built: npm run build');

const reports = [];
const skipped = [];
for (const name of Object.keys(peers).filter((each) => selected.length === 0 || selected.includes(each)))
  await run(name);

for (const line of skipped) console.log(`skipped: ${line}`);
const sum = (kind) => reports.reduce((total, report) => total + report[kind], 0);
console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
process.exit(sum('failed') === 0 && sum('passed') > 0 ? 0 : 1);

async function run(name) {
  const report = new Report(name);
  reports.push(report);
  const [file, part] = peers[name];
  try {
    const { [part]: peer } = await import(`../apps/e2e/peers/${file}.mjs`);
    await peer(report);
  } catch (error) {
    if (error instanceof Skipped) skipped.push(`${name}: ${error.message}`);
    else report.check('completes', false, error.stack ?? error.message);
  }
}

function exitWithError(message) {
  console.error(message);
  process.exit(1);
}
