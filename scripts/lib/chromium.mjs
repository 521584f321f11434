import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { capture, runLogged } from './command.mjs';
import { Failure } from './failure.mjs';
import { npmEnvironment } from './npm.mjs';
import { root } from './root.mjs';

const debianPath = '/usr/bin/chromium';

/**
 * A Chromium that starts: CHROMIUM_PATH, Debian's package or Playwright's download; if there is none, it is installed.
 * @returns {Promise<string>} its path
 * @throws Failure with the command that installs one
 */
export async function findChromium() {
  const configured = process.env.CHROMIUM_PATH;
  if (configured) {
    if (await starts(configured)) return configured;
    throw new Failure(
      `CHROMIUM_PATH=${configured} does not start. Unset it, or set it to the path of Chromium or Chrome.`,
    );
  }
  if (await starts(debianPath)) return debianPath;
  const playwrightChromium = playwrightPath();
  if (await starts(playwrightChromium)) return playwrightChromium;
  if (isDebian() && process.getuid() === 0) await installByApt();
  if (await starts(debianPath)) return debianPath;
  await installByPlaywright();
  if (await starts(playwrightChromium)) return playwrightChromium;
  throw new Failure(
    `There is no Chromium for the browser tests. Install it:\n  ${isLinux ? 'sudo apt-get install -y chromium' : 'npx playwright-core install chromium'}`,
  );
}

const isLinux = process.platform === 'linux';

async function starts(path) {
  return existsSync(path) && (await capture(path, ['--version'])).status === 0; // Ubuntu's package is a stub that requires snap
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
      label: 'Updating the package lists (apt-get update)',
      program: 'apt-get',
      args: ['update', '-q'],
      env,
      logPath,
    });
    const args = ['install', '-y', '-q', '--no-install-recommends', 'chromium'];
    await runLogged({
      label: 'Installing Chromium for the browser tests (apt-get)',
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
  const label = 'Downloading Chromium for the browser tests (Playwright)';
  try {
    await runLogged({ label, program: process.execPath, args, env: npmEnvironment(), logPath });
  } catch (error) {
    console.error(error.message);
  }
}
