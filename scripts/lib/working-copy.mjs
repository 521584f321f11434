import { cpSync, lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
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
}

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
