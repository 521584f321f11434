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
 * Whether node_modules holds what the lockfile says and the native driver loads in this Node.
 * @param {'everything' | 'runtime'} scope  runtime: an installation without development packages will do
 */
export async function isInstalled(scope) {
  if (readStamp() === stampNow()) return true;
  const fits = matchesLockfile(scope) && (await driverLoads());
  if (fits) writeStamp();
  return fits;
}

/** Makes it so. Keeps an installation that fits, whoever made it. @throws Failure with the end of npm's log */
export async function install(scope) {
  if (!matchesLockfile(scope)) await installPackages();
  if (!(await driverLoads())) await rebuildDriver();
  writeStamp();
}

function writeStamp() {
  if (!matchesLockfile('everything')) return;
  try {
    writeFileSync(stampPath, stampNow());
  } catch (error) {
    if (error.code !== 'EACCES' && error.code !== 'EROFS') throw error; // only slower next time
  }
}

/** What an installation is good for: this lockfile, this kind of machine, this Node's binary interface. */
function stampNow() {
  const lockfile = createHash('sha256').update(readFileSync(lockfilePath)).digest('hex');
  const { platform, arch, versions } = process;
  return `${JSON.stringify({ lockfile, platform, arch, abi: versions.modules })}\n`;
}

function readStamp() {
  return existsSync(stampPath) ? readFileSync(stampPath, 'utf8') : undefined;
}

/** npm notes in node_modules what it installed; every package that this platform needs must be there in its version. */
function matchesLockfile(scope) {
  const notePath = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(notePath)) return false;
  const stamp = readStamp();
  if (stamp !== undefined) {
    const { platform, arch } = JSON.parse(stamp);
    if (platform !== process.platform || arch !== process.arch) return false; // copied from another machine
  }
  const installed = JSON.parse(readFileSync(notePath, 'utf8')).packages;
  return Object.entries(JSON.parse(readFileSync(lockfilePath, 'utf8')).packages).every(([path, entry]) => {
    const mayBeMissing = entry.optional || entry.devOptional || (entry.dev && scope === 'runtime');
    if (!path.startsWith('node_modules/') || (mayBeMissing && installed[path] === undefined)) return true;
    return installed[path]?.version === entry.version && existsSync(join(root, path));
  });
}

async function installPackages() {
  const [program, args] = npmCommand();
  await runLogged({
    sentence: 'Installing packages (one or two minutes; longer where SQLite has to be compiled)',
    program,
    args: [...args, 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=warn'],
    env: npmEnvironment(await headersEnvironment()),
    logPath: join(root, 'data/logs/install.log'),
    advice: compilerAdvice,
  });
}

async function rebuildDriver() {
  const [program, args] = npmCommand();
  // where the ready-made driver is what aborts, fetching it again would not help
  const fromSource = driverAborts() ? { npm_config_build_from_source: 'true' } : {};
  await runLogged({
    sentence: `Rebuilding the SQLite driver for Node ${process.versions.node}`,
    program,
    args: [...args, 'rebuild', 'better-sqlite3', '--loglevel=warn'],
    env: npmEnvironment({ ...(await headersEnvironment()), ...fromSource }),
    logPath: join(root, 'data/logs/rebuild.log'),
    advice: compilerAdvice,
  });
  if (await driverLoads()) return;
  throw new Failure(
    `The SQLite driver was rebuilt and does not work on Node ${process.versions.node}. Another Node will do: nvm install 22`,
  );
}

const compilerAdvice =
  'Where no ready-made SQLite driver can be fetched it is compiled, which takes python3, make and a C++ compiler\n' +
  '(Debian, Ubuntu: apt-get install -y python3 make g++; macOS: xcode-select --install).';

/** In a process of its own: a driver of another Node's binary interface fails by ERR_DLOPEN_FAILED, or is missing. */
async function driverLoads() {
  const probe = "new (require('better-sqlite3'))(':memory:').close()";
  return !driverAborts() && (await capture(process.execPath, ['-e', probe], { cwd: root })).status === 0;
}

function driverAborts() {
  const compiled = join(root, 'node_modules/better-sqlite3/build/Release/better_sqlite3.node');
  return existsSync(compiled) && hasAbortingHook(compiled);
}
