import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { capture } from './command.mjs';
import { npmCommand, npmEnvironment } from './npm.mjs';
import { root } from './root.mjs';

const major = process.versions.node.split('.')[0];

/**
 * Since 24.19, Node 24's headers add a cleanup hook to every object of a C++ module, on which Node 24 aborts during garbage
 * collection (nodejs/node#65446). A module compiled with older headers of the same major version has the same ABI and no hook.
 */
const lastWorkingHeaders = { 24: '24.18.1' }[major];

/** Whether a compiled module has that hook. */
export function hasAbortingHook(modulePath) {
  return lastWorkingHeaders !== undefined && readFileSync(modulePath).includes('RemoveEnvironmentCleanupHook');
}

/**
 * Finds Node's C++ headers, in case a native module has to be compiled. node-gyp downloads them from nodejs.org; where it is not
 * reachable, they come from a folder on this machine or from the npm package `node`.
 * @returns {Promise<Record<string, string>>} additions to npm's environment
 */
export async function headersEnvironment() {
  if (process.env.npm_config_nodedir) return {};
  const local = [join(dirname(process.execPath), '..'), '/usr', '/usr/local'].find(hasWorkingHeaders);
  if (local !== undefined) return { npm_config_nodedir: local };
  const nodeGypHeadersWork = lastWorkingHeaders === undefined || isOlder(process.versions.node, lastWorkingHeaders);
  if (nodeGypHeadersWork && (await isReachable('https://nodejs.org/dist/index.json'))) return {};
  const fetched = await headersFromNpm();
  return fetched === undefined ? {} : { npm_config_nodedir: fetched };
}

function hasWorkingHeaders(folder) {
  const path = join(folder, 'include/node/node_version.h');
  if (!existsSync(path)) return false;
  const wrap = join(folder, 'include/node/node_object_wrap.h');
  const isSameMajor = new RegExp(`#define NODE_MAJOR_VERSION ${major}\\b`).test(readFileSync(path, 'utf8'));
  return isSameMajor && !(existsSync(wrap) && hasAbortingHook(wrap));
}

function isOlder(version, than) {
  const [, minor, patch] = version.split('.').map(Number);
  const [, thanMinor, thanPatch] = than.split('.').map(Number);
  return minor < thanMinor || (minor === thanMinor && patch <= thanPatch);
}

async function isReachable(url) {
  try {
    return (await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(5000) })).ok;
  } catch {
    return false;
  }
}

/** The packages that `npm install node` installs contain the headers. */
async function headersFromNpm() {
  const name = `${process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'}-${process.platform}-${process.arch}`;
  const store = join(root, '.nx/node-headers');
  const folder = join(store, 'node_modules', name);
  if (hasWorkingHeaders(folder)) return folder;
  mkdirSync(store, { recursive: true });
  const [program, args] = npmCommand();
  for (const version of lastWorkingHeaders === undefined ? [process.versions.node, major] : [lastWorkingHeaders]) {
    const install = ['install', '--no-save', '--no-package-lock', '--prefix', store, `${name}@${version}`];
    const { status } = await capture(program, [...args, ...install], { cwd: store, env: npmEnvironment() });
    if (status === 0 && hasWorkingHeaders(folder)) return folder;
  }
  return undefined;
}
