// `npm test`: runs all tests. Installs and builds what is missing, finds or installs Chromium, starts PostgreSQL, type-checks the
// tests and runs them. The last line is `N passed, N failed`. `--quick`: without browser and PostgreSQL. A missing dependency is a
// failure that names the command to install it, never a skipped test.
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

/** All projects without browser tests. */
const quickProjects = Object.keys(projects).filter((name) => name !== 'e2e');

/** The environment of the tests: without Gatehouse settings of the developer, with those of this run. */
function testEnvironment(additions) {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('GATEHOUSE_'));
  return { ...Object.fromEntries(inherited), NODE_ENV: 'test', ...additions };
}

/** Runs a step; a Failure counts as one failed test, and the run continues. */
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

/** Runs one compiler for each processor, because the compiler is single-threaded. */
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
    console.log('\nRan without browser and PostgreSQL; npm test runs everything.');
    return tally.report();
  }

  if (!existsSync('/usr/sbin/pgbouncer'))
    console.log('PgBouncer is not installed; its tests do not run (apt-get install pgbouncer).');
  const chromium = await attempt(tally, findChromium);
  const postgres = await attempt(tally, startPostgres);
  const stop = async () => postgres?.stop();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, () => void stop().then(() => process.exit(130)));
  const env = testEnvironment({ CHROMIUM_PATH: chromium, GATEHOUSE_TEST_POSTGRES_URL: postgres?.url });
  const runnable = Object.keys(projects).filter((project) => project !== 'e2e' || chromium !== undefined);
  try {
    await runJest(tally, { projects: runnable, env });
  } finally {
    await stop();
  }
  tally.report();
});
