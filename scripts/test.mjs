// `npm test`: everything, on whatever machine this is. Installs and builds what is missing, finds or installs a
// Chromium, starts a PostgreSQL, type-checks the tests and runs them. The last line is `N passed, N failed`.
// `--quick`: no browser and no PostgreSQL. What cannot be had is a failure with the command to type, never a skip.
import './lib/node-version.mjs';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { compiler } from './lib/build.mjs';
import { findChromium } from './lib/chromium.mjs';
import { capture } from './lib/command.mjs';
import { Failure, runMain } from './lib/failure.mjs';
import { runJest } from './lib/jest-run.mjs';
import { startPostgres } from './lib/postgres.mjs';
import { root } from './lib/root.mjs';
import { Tally } from './lib/tally.mjs';
import { prepareBuild } from './prepare.mjs';

const quick = process.argv.includes('--quick');
const projects = {
  domain: 'libs/domain',
  platform: 'libs/platform',
  'resource-server': 'libs/resource-server',
  provider: 'apps/provider',
  client: 'apps/client',
  e2e: 'apps/e2e',
  'mcp-server': 'examples/mcp-server',
};

/** Without the browser. */
const quickProjects = Object.keys(projects).filter((name) => name !== 'e2e');

/** The tests' environment: nothing of a person's own settings, only what this run offers. */
function testEnvironment(offers) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('GATEHOUSE_'));
  return { ...Object.fromEntries(own), NODE_ENV: 'test', ...offers };
}

/** Runs a step; what it cannot do is one failure of the run, and the rest goes on. */
async function attempt(tally, step) {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(error.message);
    tally.fail(error.message.trim().split('\n').at(-1).trim());
    return undefined;
  }
}

/** One compiler for each processor: it uses hardly more than one. */
async function checkTypes(tally) {
  const queue = Object.values(projects)
    .map((folder) => `${folder}/tsconfig.spec.json`)
    .filter((path) => existsSync(join(root, path)));
  const checkQueued = async () => {
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      const { status, stdout } = await capture(process.execPath, [compiler, '-p', path, '--noEmit']);
      if (status === 0) tally.pass();
      else {
        console.error(stdout.trimEnd());
        tally.fail(`types: npx tsc -p ${path}`);
      }
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, checkQueued));
}

await runMain(async () => {
  const tally = new Tally();
  const built = await attempt(tally, async () => {
    await prepareBuild();
    return true;
  });
  if (built === undefined) return tally.report();

  await checkTypes(tally);
  if (quick) {
    const env = testEnvironment({ GATEHOUSE_TEST_QUICK: '1' });
    await runJest(tally, { projects: quickProjects, env, skipped: 'allow' });
    console.log('\nWithout the browser and PostgreSQL; npm test runs everything.');
    return tally.report();
  }

  if (!existsSync('/usr/sbin/pgbouncer'))
    console.log('PgBouncer is not installed: its tests are left out (apt-get install pgbouncer).');
  const chromium = await attempt(tally, findChromium);
  const postgres = await attempt(tally, startPostgres);
  const stop = async () => postgres?.stop();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, () => void stop().then(() => process.exit(130)));
  const env = testEnvironment({ CHROMIUM_PATH: chromium, GATEHOUSE_TEST_POSTGRES_URL: postgres?.url });
  const possible = Object.keys(projects).filter((project) => project !== 'e2e' || chromium !== undefined);
  try {
    await runJest(tally, { projects: possible, env });
  } finally {
    await stop();
  }
  tally.report();
});
