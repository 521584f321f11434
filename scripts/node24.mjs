// `npm run test:node24`: runs the domain and HTTP suites on Node 24, whichever Node runs this script. Uses a copy of the checkout,
// because the native SQLite driver is built for one version of Node. The last line is `N passed, N failed`.
// `--short`, for CI: only the domain.
import './lib/node-version.mjs';
import { cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { capture, runInherited } from './lib/command.mjs';
import { Failure, runMain } from './lib/failure.mjs';
import { npmCommand, npmEnvironment } from './lib/npm.mjs';
import { showProgress } from './lib/progress.mjs';
import { root } from './lib/root.mjs';
import { prepareInstallation } from './prepare.mjs';

const version = '24';

const short = process.argv.includes('--short');

if (process.argv.includes('--here')) {
  const { runSuites } = await import('./lib/node24-suites.mjs');
  await runMain(() => runSuites({ short }));
} else {
  await runMain(async () => {
    await prepareInstallation();
    const node = await fetchNode();
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gatehouse-node24-')));
    try {
      const progress = showProgress(`Copying the checkout for Node ${version}`);
      copyCheckout(folder);
      progress.done();
      const args = [join(folder, 'scripts/node24.mjs'), '--here', ...(short ? ['--short'] : [])];
      process.exitCode = await runInherited(node, args, { cwd: folder });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

/** Downloads the npm package `node` to npm's cache. @returns {Promise<string>} the path of the program */
async function fetchNode() {
  if (process.versions.node.split('.')[0] === version) return process.execPath;
  const [program, args] = npmCommand();
  const command = ['exec', '--yes', `--package=node@${version}`, '--call', 'node -p process.execPath'];
  const { status, stdout, stderr } = await capture(program, [...args, ...command], {
    cwd: tmpdir(),
    env: npmEnvironmentWithoutOwnNode(),
  });
  const path = stdout.trim().split('\n').at(-1);
  if (status !== 0 || !path)
    throw new Failure(
      `${stderr.trim()}\nNode ${version} could not be downloaded. Try: npx -p node@${version} node --version`,
    );
  return path;
}

/** npx puts its program first in PATH; this process's Node must not precede it. */
function npmEnvironmentWithoutOwnNode() {
  return { ...npmEnvironment(), PATH: process.env.PATH };
}

/** Copies sources and packages, without native modules, data and caches. */
function copyCheckout(target) {
  const excluded = new Set(['.git', 'data', '.nx', 'coverage', 'bench'].map((name) => join(root, name)));
  excluded.add(join(root, 'node_modules/better-sqlite3/build'));
  excluded.add(join(root, 'node_modules/.gatehouse-install.json'));
  cpSync(root, target, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !excluded.has(path) && !path.endsWith('.log'),
  });
}
