// `npm run test:node24`: the domain and HTTP suites on Node 24, wherever this runs: in a copy of the checkout, because the
// native SQLite driver is built for one Node only and the one here stays. The last line is `N passed, N failed`.
// `--short`, for CI: the domain.
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

/** npm's package of Node itself, kept in npm's cache. @returns {Promise<string>} the program's path */
async function fetchNode() {
  if (process.versions.node.split('.')[0] === version) return process.execPath;
  const [program, args] = npmCommand();
  const ask = ['exec', '--yes', `--package=node@${version}`, '--call', 'node -p process.execPath'];
  const { status, stdout, stderr } = await capture(program, [...args, ...ask], {
    cwd: tmpdir(),
    env: npmEnvironmentWithoutOwnNode(),
  });
  const path = stdout.trim().split('\n').at(-1);
  if (status !== 0 || !path)
    throw new Failure(`${stderr.trim()}\nNode ${version} could not be had: npx -p node@${version} node --version`);
  return path;
}

/** npx puts its program first in PATH by itself; ours must not stand before it. */
function npmEnvironmentWithoutOwnNode() {
  return { ...npmEnvironment(), PATH: process.env.PATH };
}

/** Sources and packages, without what was built, kept or compiled here. */
function copyCheckout(target) {
  const left = new Set(['.git', 'data', '.nx', 'coverage', 'bench'].map((name) => join(root, name)));
  left.add(join(root, 'node_modules/better-sqlite3/build'));
  left.add(join(root, 'node_modules/.gatehouse-install.json'));
  cpSync(root, target, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !left.has(path) && !path.endsWith('.log'),
  });
}
