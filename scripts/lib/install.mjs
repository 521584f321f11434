import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture, runLogged } from './command.mjs';
import { hasAbortingHook, headersEnvironment } from './headers.mjs';
import { Failure } from './failure.mjs';
import { npmCommand, npmEnvironment } from './npm.mjs';
import { root } from './root.mjs';

const stampPath = join(root, 'node_modules/.gatehouse-install.json');
const lockfilePath = join(root, 'package-lock.json');

/**
 * Whether node_modules matches the lockfile and the native driver loads in this Node.
 * @param {'everything' | 'runtime'} scope  runtime: development packages may be missing
 */
export async function isInstalled(scope) {
  if (readStamp() === requiredStamp()) return true;
  const isCurrent = matchesLockfile(scope) && (await driverLoads());
  if (isCurrent) writeStamp();
  return isCurrent;
}

/** Installs packages and rebuilds the driver where necessary. @throws Failure with the end of npm's log */
export async function install(scope) {
  if (!matchesLockfile(scope)) await installPackages();
  if (!(await driverLoads())) await rebuildDriver();
  writeStamp();
}

function writeStamp() {
  if (!matchesLockfile('everything')) return;
  try {
    writeFileSync(stampPath, requiredStamp());
  } catch (error) {
    if (error.code !== 'EACCES' && error.code !== 'EROFS') throw error; // without the stamp the next run is slower
  }
}

/** Identifies the installation that is required: lockfile, platform and this Node's ABI. */
function requiredStamp() {
  const lockfile = createHash('sha256').update(readFileSync(lockfilePath)).digest('hex');
  const { platform, arch, versions } = process;
  return `${JSON.stringify({ lockfile, platform, arch, abi: versions.modules })}\n`;
}

function readStamp() {
  return existsSync(stampPath) ? readFileSync(stampPath, 'utf8') : undefined;
}

/** Compares the lockfile with npm's record of what it installed in node_modules. */
function matchesLockfile(scope) {
  const recordPath = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(recordPath)) return false;
  const stamp = readStamp();
  if (stamp !== undefined) {
    const { platform, arch } = JSON.parse(stamp);
    if (platform !== process.platform || arch !== process.arch) return false; // copied from another machine
  }
  const installed = JSON.parse(readFileSync(recordPath, 'utf8')).packages;
  return Object.entries(JSON.parse(readFileSync(lockfilePath, 'utf8')).packages).every(([path, entry]) => {
    const mayBeMissing = entry.optional || entry.devOptional || (entry.dev && scope === 'runtime');
    if (!path.startsWith('node_modules/') || (mayBeMissing && installed[path] === undefined)) return true;
    return installed[path]?.version === entry.version && existsSync(join(root, path));
  });
}

async function installPackages() {
  const [program, args] = npmCommand();
  await runLogged({
    label: 'Installing packages (one or two minutes; longer if SQLite has to be compiled)',
    program,
    args: [...args, 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=warn'],
    env: npmEnvironment(await headersEnvironment()),
    logPath: join(root, 'data/logs/install.log'),
    advice: compilerAdvice,
  });
}

async function rebuildDriver() {
  const [program, args] = npmCommand();
  // if the prebuilt driver aborts, downloading it again does not help
  const fromSource = driverAborts() ? { npm_config_build_from_source: 'true' } : {};
  await runLogged({
    label: `Rebuilding the SQLite driver for Node ${process.versions.node}`,
    program,
    args: [...args, 'rebuild', 'better-sqlite3', '--loglevel=warn'],
    env: npmEnvironment({ ...(await headersEnvironment()), ...fromSource }),
    logPath: join(root, 'data/logs/rebuild.log'),
    advice: compilerAdvice,
  });
  if (await driverLoads()) return;
  throw new Failure(
    `The SQLite driver was rebuilt and still does not work on Node ${process.versions.node}. Use another version of Node: nvm install 22`,
  );
}

const compilerAdvice =
  'If no prebuilt SQLite driver can be downloaded, it is compiled, which requires python3, make and a C++ compiler\n' +
  '(Debian, Ubuntu: apt-get install -y python3 make g++; macOS: xcode-select --install).';

/** Runs in a separate process: a driver for another ABI fails with ERR_DLOPEN_FAILED, or is missing. */
async function driverLoads() {
  const probe = "new (require('better-sqlite3'))(':memory:').close()";
  return !driverAborts() && (await capture(process.execPath, ['-e', probe], { cwd: root })).status === 0;
}

function driverAborts() {
  const compiled = join(root, 'node_modules/better-sqlite3/build/Release/better_sqlite3.node');
  return existsSync(compiled) && hasAbortingHook(compiled);
}
