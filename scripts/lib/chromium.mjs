import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { capture, runLogged } from './command.mjs';
import { Failure } from './failure.mjs';
import { npmEnvironment } from './npm.mjs';
import { root } from './root.mjs';

const packaged = '/usr/bin/chromium';

/**
 * A Chromium that starts: CHROMIUM_PATH, Debian's, the one that Playwright keeps; else it is installed.
 * @returns {Promise<string>} its path
 * @throws Failure with the command to type
 */
export async function findChromium() {
  const given = process.env.CHROMIUM_PATH;
  if (given) {
    if (await starts(given)) return given;
    throw new Failure(`CHROMIUM_PATH=${given} does not start. Unset it, or name a Chromium or Chrome.`);
  }
  if (await starts(packaged)) return packaged;
  const kept = playwrightPath();
  if (await starts(kept)) return kept;
  if (isDebian() && process.getuid() === 0) await installByApt();
  if (await starts(packaged)) return packaged;
  await installByPlaywright();
  if (await starts(kept)) return kept;
  throw new Failure(
    `There is no Chromium for the browser tests. Type:\n  ${isLinux ? 'sudo apt-get install -y chromium' : 'npx playwright-core install chromium'}`,
  );
}

const isLinux = process.platform === 'linux';

async function starts(path) {
  return existsSync(path) && (await capture(path, ['--version'])).status === 0; // Ubuntu's is a stub that asks for snap
}

function isDebian() {
  return existsSync('/etc/os-release') && /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
}

function playwrightPath() {
  return createRequire(join(root, 'package.json'))('playwright-core').chromium.executablePath();
}

async function installByApt() {
  const env = npmEnvironment({ DEBIAN_FRONTEND: 'noninteractive' });
  const logPath = join(root, 'data/logs/chromium.log');
  try {
    await runLogged({
      sentence: 'Looking for packages (apt-get update)',
      program: 'apt-get',
      args: ['update', '-q'],
      env,
      logPath,
    });
    const args = ['install', '-y', '-q', '--no-install-recommends', 'chromium'];
    await runLogged({
      sentence: 'Installing Chromium for the browser tests (apt-get)',
      program: 'apt-get',
      args,
      env,
      logPath,
    });
  } catch (error) {
    console.error(error.message);
  }
}

async function installByPlaywright() {
  const args = [join(root, 'node_modules/playwright-core/cli.js'), 'install', 'chromium'];
  if (isLinux && process.getuid() === 0) args.push('--with-deps');
  const logPath = join(root, 'data/logs/chromium.log');
  const sentence = 'Fetching Chromium for the browser tests (Playwright)';
  try {
    await runLogged({ sentence, program: process.execPath, args, env: npmEnvironment(), logPath });
  } catch (error) {
    console.error(error.message);
  }
}
