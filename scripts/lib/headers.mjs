import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { capture } from './command.mjs';
import { npmCommand, npmEnvironment } from './npm.mjs';
import { root } from './root.mjs';

const major = process.versions.node.split('.')[0];

/**
 * From 24.19 on, Node 24's headers put a clean-up hook into every object of a C++ module that Node 24 then aborts on,
 * during any garbage collection (nodejs/node#65446). A module compiled with older headers of the same major is the
 * same to Node and lacks it.
 */
const lastSoundHeaders = { 24: '24.18.1' }[major];

/** Whether a compiled module has that hook. */
export function hasAbortingHook(modulePath) {
  return lastSoundHeaders !== undefined && readFileSync(modulePath).includes('RemoveEnvironmentCleanupHook');
}

/**
 * Node's C++ headers, should a native module have to be compiled. node-gyp fetches them from nodejs.org; where that
 * cannot be reached, a folder on this machine or npm's package of Node itself has them.
 * @returns {Promise<Record<string, string>>} what to add to npm's environment
 */
export async function headersEnvironment() {
  if (process.env.npm_config_nodedir) return {};
  const local = [join(dirname(process.execPath), '..'), '/usr', '/usr/local'].find(hasHeaders);
  if (local !== undefined) return { npm_config_nodedir: local };
  const wouldFetchSound = lastSoundHeaders === undefined || isOlder(process.versions.node, lastSoundHeaders);
  if (wouldFetchSound && (await reaches('https://nodejs.org/dist/index.json'))) return {};
  const fetched = await headersFromNpm();
  return fetched === undefined ? {} : { npm_config_nodedir: fetched };
}

function hasHeaders(folder) {
  const path = join(folder, 'include/node/node_version.h');
  if (!existsSync(path)) return false;
  const wrap = join(folder, 'include/node/node_object_wrap.h');
  const isOurs = new RegExp(`#define NODE_MAJOR_VERSION ${major}\\b`).test(readFileSync(path, 'utf8'));
  return isOurs && !(existsSync(wrap) && hasAbortingHook(wrap));
}

function isOlder(version, than) {
  const [, minor, patch] = version.split('.').map(Number);
  const [, thanMinor, thanPatch] = than.split('.').map(Number);
  return minor < thanMinor || (minor === thanMinor && patch <= thanPatch);
}

async function reaches(url) {
  try {
    return (await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(5000) })).ok;
  } catch {
    return false;
  }
}

/** The packages that `npm install node` is made of carry the headers beside the program. */
async function headersFromNpm() {
  const name = `${process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'}-${process.platform}-${process.arch}`;
  const store = join(root, '.nx/node-headers');
  const folder = join(store, 'node_modules', name);
  if (hasHeaders(folder)) return folder;
  mkdirSync(store, { recursive: true });
  const [program, args] = npmCommand();
  for (const version of lastSoundHeaders === undefined ? [process.versions.node, major] : [lastSoundHeaders]) {
    const install = ['install', '--no-save', '--no-package-lock', '--prefix', store, `${name}@${version}`];
    const { status } = await capture(program, [...args, ...install], { cwd: store, env: npmEnvironment() });
    if (status === 0 && hasHeaders(folder)) return folder;
  }
  return undefined;
}
