// Installs what is missing and builds what changed. Runs as a command (`--install`: only installs; `--build` is the default), and
// the other scripts call it first. Requires only Node and npm.
import './lib/node-version.mjs';
import { accessSync, constants } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { build, isBuilt } from './lib/build.mjs';
import { runMain } from './lib/failure.mjs';
import { install, isInstalled } from './lib/install.mjs';
import { withLock } from './lib/lock.mjs';
import { root } from './lib/root.mjs';

/** Installs what is missing: the packages of the lockfile and the native driver for this Node. */
export async function prepareInstallation(scope = 'everything') {
  if (await isInstalled(scope)) return;
  await withLock(() => install(scope));
}

/** Installs and builds. */
export async function prepareBuild() {
  await prepareInstallation();
  await withLock(build);
}

/** Prepares to run the applications: builds only what is missing or older than its sources. */
export async function prepareToRun() {
  if (!isWritable(root)) return; // installed and maintained by another user
  if (isBuilt()) return prepareInstallation('runtime');
  await prepareBuild();
}

function isWritable(folder) {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runMain(() => (process.argv.includes('--install') ? prepareInstallation() : prepareBuild()));
}
