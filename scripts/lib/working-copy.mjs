import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';

const excluded = new Set(['.git', 'data', '.nx', 'coverage', 'bench', 'node_modules'].map((name) => join(root, name)));

/**
 * Copies the checkout with its build outputs, to be changed and tested in the copy. Packages are linked, except those of the
 * workspace, which are the copy's.
 */
export function copyCheckout(target) {
  cpSync(root, target, {
    recursive: true,
    verbatimSymlinks: true,
    // Build outputs must stay newer than their sources.
    preserveTimestamps: true,
    filter: (path) => !excluded.has(path) && !path.endsWith('.log'),
  });
  linkPackages(join(root, 'node_modules'), join(target, 'node_modules'));
  symlinkSync(join(root, 'node_modules/.bin'), join(target, 'node_modules/.bin'), 'junction');
  for (const name of installationRecords) {
    const path = join(root, 'node_modules', name);
    if (existsSync(path)) cpSync(path, join(target, 'node_modules', name));
  }
}

/** Records of npm and `scripts/lib/install.mjs` about the installation; without them the copy would install packages again. */
const installationRecords = ['.package-lock.json', '.gatehouse-install.json'];

function linkPackages(from, to) {
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    if (name.startsWith('.')) continue;
    const path = join(from, name);
    if (lstatSync(path).isSymbolicLink()) symlinkSync(readlinkSync(path), join(to, name));
    else if (containsLinks(path)) linkPackages(path, join(to, name));
    else symlinkSync(path, join(to, name), 'junction');
  }
}

/** Whether a folder is the scope of the workspace's packages, which npm links relative to the checkout. */
function containsLinks(path) {
  return readdirSync(path, { withFileTypes: true }).some((entry) => entry.isSymbolicLink());
}
