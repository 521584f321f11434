import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';

const left = new Set(['.git', 'data', '.nx', 'coverage', 'bench', 'node_modules'].map((name) => join(root, name)));

/**
 * Copies the checkout, what was built included, to be changed and tested there. The packages are links to those here; the
 * workspace's own ones are the copy's.
 */
export function copyCheckout(target) {
  cpSync(root, target, {
    recursive: true,
    verbatimSymlinks: true,
    // What was built must stay newer than its sources.
    preserveTimestamps: true,
    filter: (path) => !left.has(path) && !path.endsWith('.log'),
  });
  linkPackages(join(root, 'node_modules'), join(target, 'node_modules'));
  symlinkSync(join(root, 'node_modules/.bin'), join(target, 'node_modules/.bin'), 'junction');
  for (const name of records) {
    const path = join(root, 'node_modules', name);
    if (existsSync(path)) cpSync(path, join(target, 'node_modules', name));
  }
}

/** What npm and `scripts/lib/install.mjs` note about an installation: without them the copy would install packages anew. */
const records = ['.package-lock.json', '.gatehouse-install.json'];

function linkPackages(from, to) {
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    if (name.startsWith('.')) continue;
    const path = join(from, name);
    if (lstatSync(path).isSymbolicLink()) symlinkSync(readlinkSync(path), join(to, name));
    else if (holdsLinks(path)) linkPackages(path, join(to, name));
    else symlinkSync(path, join(to, name), 'junction');
  }
}

/** True for the scope of the workspace's own packages, which npm links relative to the checkout. */
function holdsLinks(path) {
  return readdirSync(path, { withFileTypes: true }).some((entry) => entry.isSymbolicLink());
}
