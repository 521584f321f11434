// `npm run start:provider`, `npm run start:client`, `npm run -s gatehouse -- …`, `npm run -s gatehouse-client -- …`: runs a built
// program in the foreground, configured only by its settings. stdout belongs to the program; messages about installing and
// building are printed on stderr.
import './lib/node-version.mjs';
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runMain } from './lib/failure.mjs';
import { endWithNpm } from './lib/npm.mjs';
import { root } from './lib/root.mjs';
import { prepareToRun } from './prepare.mjs';

const entries = {
  provider: 'apps/provider/dist/main.js',
  client: 'apps/client/dist/main.js',
  gatehouse: 'apps/provider/dist/cli/main.js',
  'gatehouse-client': 'apps/client/dist/cli/main.js',
};

const [name, ...args] = process.argv.slice(2);
const entry = entries[name];
if (entry === undefined) {
  console.error(`Usage: node scripts/run.mjs ${Object.keys(entries).join('|')} [arguments]`);
  process.exit(2);
}

const path = join(root, entry);
const env = { NODE_ENV: 'production', ...process.env };

await runMain(async () => {
  await prepareToRun();
  const child = name.startsWith('gatehouse') ? runCommand() : runApplication();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(error.message);
    process.exit(1);
  });
  child.on('close', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
});

function runCommand() {
  return spawn(process.execPath, [path, ...args], { cwd: root, env, stdio: 'inherit' });
}

/**
 * Runs in its own process group, so that Ctrl-C reaches it once, through this script: a second signal means an immediate stop. If
 * this script is killed, the preloaded module stops the application.
 */
function runApplication() {
  endWithNpm();
  const preload = ['--import', pathToFileURL(join(root, 'scripts/lib/end-with-parent.mjs')).href];
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'];
  return spawn(process.execPath, [...preload, path, ...args], { cwd: root, env, stdio, detached: true });
}
