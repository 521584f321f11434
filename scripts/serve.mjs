// `npx nx serve provider|client`: compiles on every edit (libs too) and starts the application anew, with the demo's
// settings. Views, styles and scripts are read from src, so an edit of those restarts it as well.
import './lib/node-version.mjs';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compiler } from './lib/build.mjs';
import { Demo } from './lib/demo.mjs';
import { runMain } from './lib/failure.mjs';
import { root } from './lib/root.mjs';
import { plannedClient, plannedProvider, setting } from './lib/settings.mjs';
import { prepareBuild } from './prepare.mjs';

const pollMilliseconds = 400;
const graceMilliseconds = 5_000;
const preload = ['--import', pathToFileURL(join(root, 'scripts/lib/end-with-parent.mjs')).href, '--enable-source-maps'];

const [name] = process.argv.slice(2);
if (name !== 'provider' && name !== 'client') {
  console.error('Usage: node scripts/serve.mjs provider|client');
  process.exit(2);
}

await runMain(async () => {
  await prepareBuild();
  const env = { NODE_ENV: 'development', ...process.env, ...(await settingsOf(name)) };
  const watcher = spawn(process.execPath, [compiler, '-b', '-w', '--preserveWatchOutput', `apps/${name}`], {
    cwd: root,
    stdio: 'inherit',
  });

  let application = start(env);
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    watcher.kill();
    await end(application);
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void stop());
  watcher.on('close', () => void stop());

  // Polled, because notifications of changes get lost on network and container file systems.
  let seen = fingerprint();
  let running = seen;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
    const now = fingerprint();
    const settled = now === seen; // not in the middle of a build
    seen = now;
    if (stopping || !settled || now === running) continue;
    running = now;
    console.log(`Restarting the ${name} …`);
    await end(application);
    if (!stopping) application = start(env);
  }
});

/** Development defaults, and the registration that `npm start` would make. */
async function settingsOf(application) {
  const signUp = { GATEHOUSE_SIGN_UP: setting('GATEHOUSE_SIGN_UP') ?? 'open' };
  if (application === 'provider') return signUp;
  const issuer = plannedProvider();
  const base = plannedClient();
  const demo = new Demo();
  const addresses = { issuer: issuer.at(issuer.port), baseUrl: base.at(base.port) };
  return demo.clientSettings(await demo.registration({ ...addresses, env: { ...process.env, ...signUp } }));
}

function start(env) {
  const entry = join(root, `apps/${name}/dist/main.js`);
  const child = spawn(process.execPath, [...preload, entry], {
    cwd: root,
    env,
    detached: true, // Ctrl-C comes to this script alone, which ends the application in order
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.on(
    'close',
    (code) =>
      code !== 0 && code !== null && console.error(`The ${name} ended with status ${code}; waiting for an edit.`),
  );
  return child;
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMilliseconds);
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(timer);
}

/** Changes when anything changes that the application was started from. */
function fingerprint() {
  const built = ['libs/domain/dist', 'libs/platform/dist', `apps/${name}/dist`].map((folder) => [folder, /\.js$/]);
  const read = ['libs/platform/src', `apps/${name}/src`].map((folder) => [folder, /\.(hbs|css|js|svg)$/]);
  let newest = 0;
  let count = 0;
  for (const [folder, pattern] of [...built, ...read]) {
    const path = join(root, folder);
    if (!existsSync(path)) continue;
    for (const file of readdirSync(path, { recursive: true })) {
      if (!pattern.test(file)) continue;
      count++;
      newest = Math.max(newest, statSync(join(path, file), { throwIfNoEntry: false })?.mtimeMs ?? 0);
    }
  }
  return `${newest} ${count}`;
}
