// `npx nx serve provider|client`: runs the application with the demo's settings and restarts it on every edit, also of the
// libraries. Changed sources are transpiled immediately; TypeScript checks types in the background and reports errors. Views,
// styles and translations are read from src, so their edits restart the application too.
import './lib/node-version.mjs';
import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Demo } from './lib/demo.mjs';
import { Failure, runMain } from './lib/failure.mjs';
import { root } from './lib/root.mjs';
import { plannedClient, plannedProvider, setting } from './lib/settings.mjs';
import { projectsOf, watchSources } from './lib/source-watch.mjs';
import { transpileChanged } from './lib/transpile.mjs';
import { buildUiAssets } from './lib/ui-assets.mjs';
import { prepareBuild } from './prepare.mjs';

const graceMilliseconds = 5_000;
const preload = [
  '--import',
  pathToFileURL(join(root, 'scripts/lib/stopApplication-with-parent.mjs')).href,
  '--enable-source-maps',
];

const [name] = process.argv.slice(2);
if (name !== 'provider' && name !== 'client') {
  console.error('Usage: node scripts/serve.mjs provider|client');
  process.exit(2);
}

await runMain(async () => {
  await prepareBuild();
  // Since Node 22, compiled code is cached between starts.
  const cache = { NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/node') };
  const env = { NODE_ENV: 'development', ...cache, ...process.env, ...(await settingsOf(name)) };
  let application = start(env);
  const checker = checkTypes();
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    checker.kill();
    await stopApplication(application);
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void stop());
  checker.on('close', () => void stop());

  await watchSources(projectsOf(`apps/${name}`), async (paths) => {
    const errors = [...transpileChanged(paths), ...(await assetErrors())];
    for (const error of errors) console.error(error);
    if (stopping || errors.length > 0) return;
    console.log(`Restarting the ${name} …`);
    await stopApplication(application);
    if (!stopping) application = start(env);
  });
});

/** Rebuilds the UI assets, because an edit may change a style sheet or the icons of a view. @returns errors */
async function assetErrors() {
  try {
    await buildUiAssets();
    return [];
  } catch (error) {
    if (error instanceof Failure) return [error.message];
    throw error;
  }
}

/** Checks the types of this application and its references on every edit, and compiles them like `npm run build`. */
function checkTypes() {
  const program = join(root, 'scripts/lib/watch-types.mjs');
  const checker = spawn(process.execPath, [...preload, program, `apps/${name}`], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  // On machines with few processors, the application starts first.
  setPriority(checker.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  return checker;
}

/** Development defaults, and the registration of the demo client (see `npm start`). */
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
    detached: true, // Ctrl-C reaches only this script, which stops the application gracefully
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.on(
    'close',
    (code) =>
      code !== 0 && code !== null && console.error(`The ${name} exited with status ${code}; waiting for an edit.`),
  );
  return child;
}

async function stopApplication(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMilliseconds);
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(timer);
}
