// `npm run bench:serve`: measures the time from an edit to the first response that contains it, with `nx serve`. Edits a copy of
// the checkout: a controller, a view, the shared library and the domain library, each five times; prints the medians. `--once`:
// each edit once, as in the end-to-end tests; `client` or `provider`: one application. Run it on an idle machine: it prints the
// load average.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../scripts/lib/free-port.cjs';
import { copyCheckout } from '../scripts/lib/working-copy.mjs';
import { median } from './lib/statistics.mjs';

const words = process.argv.slice(2);
const repeats = words.includes('--once') ? 1 : 5;
const timeoutMilliseconds = 120_000;
const pollMilliseconds = 25;

/** Edits the first file in `folder` that contains `text`, so that files may move; `edited` returns the replacement. */
const healthCheck = {
  text: "{ status: 'ok' }",
  edited: (mark) => `{ status: 'ok', mark: '${mark}' }`,
  path: '/healthz',
};
const responseHeader = {
  folder: 'libs',
  text: `NON_PAGE_POLICY = "default-src 'none';`,
  edited: (mark) => `NON_PAGE_POLICY = "default-src 'none'; report-to ${mark};`,
  path: '/healthz',
};
const view = { text: '</body>', edited: (mark) => `<!-- ${mark} --></body>` };
const applications = {
  provider: {
    controller: { folder: 'apps/provider/src', ...healthCheck },
    view: { folder: 'apps/provider/src/web/views', ...view, path: '/login' },
    'shared library': responseHeader,
    'domain library': {
      folder: 'libs/domain/src',
      text: `subject_types_supported: ['public', 'pairwise']`,
      edited: (mark) => `subject_types_supported: ['public', 'pairwise', '${mark}']`,
      path: '/.well-known/openid-configuration',
    },
  },
  client: {
    controller: { folder: 'apps/client/src', ...healthCheck },
    view: { folder: 'apps/client/src/web/views', ...view, path: '/' },
    'shared library': responseHeader,
  },
};

const copy = realpathSync(mkdtempSync(join(tmpdir(), 'gatehouse-serve-')));
let running;
process.once('exit', () => {
  running?.kill('SIGKILL');
  rmSync(copy, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
try {
  copyCheckout(copy);
  const selected = Object.keys(applications).filter((name) => words.includes(name));
  for (const name of selected.length > 0 ? selected : Object.keys(applications)) await measure(name);
} catch (error) {
  process.exitCode = 1;
  console.error(error instanceof Error ? error.message : error);
}

async function measure(name) {
  const port = await freePort();
  const server = serve(name, port);
  try {
    await waitForMark(server, port, '/healthz', 'ok');
    for (const [kind, edit] of Object.entries(applications[name])) {
      const times = [];
      for (let round = 0; round < repeats; round++) times.push(await timeEdit(server, port, edit));
      const shown = times.map((time) => (time / 1000).toFixed(2)).join(' ');
      const middle = (median(times) / 1000).toFixed(2);
      console.log(`${name}, ${kind}: ${middle} s (median of ${shown}; load ${loadavg()[0].toFixed(1)})`);
    }
  } finally {
    await end(server.child);
  }
}

/** Writes an edit and waits for a response that contains it. @returns {Promise<number>} milliseconds */
async function timeEdit(server, port, { folder, text, edited, path }) {
  const file = sourceWith(folder, text);
  const before = readFileSync(file, 'utf8');
  const mark = `mark-${Date.now()}`;
  const started = performance.now();
  writeFileSync(file, before.replace(text, edited(mark)));
  await waitForMark(server, port, path, mark);
  const duration = performance.now() - started;
  writeFileSync(file, before);
  await waitForOriginal(server, port, path, mark);
  return duration;
}

function sourceWith(folder, text) {
  const names = readdirSync(join(copy, folder), { recursive: true }).filter(
    (name) => /\.(ts|hbs)$/.test(name) && !/\.(spec|d)\.ts$|(^|\/)(dist|test)\//.test(name),
  );
  const found = names.map((name) => join(copy, folder, name)).find((path) => readFileSync(path, 'utf8').includes(text));
  if (found === undefined)
    throw new Error(`no source below ${folder} contains ${text}: change the edit in bench/serve.mjs`);
  return found;
}

function serve(name, port) {
  const child = spawn(process.execPath, ['scripts/serve.mjs', name], {
    cwd: copy,
    env: {
      PATH: process.env.PATH,
      GATEHOUSE_LOG_LEVEL: 'warn',
      ...(name === 'provider'
        ? { GATEHOUSE_PORT: String(port) }
        : {
            GATEHOUSE_CLIENT_BASE_URL: `http://localhost:${port}`,
            // Never contacted: no page of this measurement signs in.
            GATEHOUSE_CLIENT_PROVIDER_ISSUER: 'http://localhost:9',
            GATEHOUSE_CLIENT_PROVIDER_CLIENT_ID: 'measured',
            GATEHOUSE_CLIENT_PROVIDER_CLIENT_SECRET: 'measured',
          }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running = child;
  const server = { child, output: '' };
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (server.output = `${server.output}${text}`.slice(-8000)));
  return server;
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  await closed;
}

function waitForMark(server, port, path, mark) {
  return waitUntil(
    server,
    `${path} to show the edit`,
    async () => (await fetchText(port, path))?.includes(mark) === true,
  );
}

function waitForOriginal(server, port, path, mark) {
  return waitUntil(server, `${path} to show the file as it was`, async () => {
    const text = await fetchText(port, path);
    return text !== undefined && !text.includes(mark);
  });
}

async function waitUntil(server, what, condition) {
  const deadline = Date.now() + timeoutMilliseconds;
  while (!(await condition())) {
    if (Date.now() > deadline || server.child.exitCode !== null)
      throw new Error(`timed out waiting for ${what}:\n${server.output}`);
    await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
  }
}

/** Headers and body; undefined while the server does not respond. */
function fetchText(port, path) {
  return new Promise((resolve) => {
    const request = get({ host: 'localhost', port, path, agent: false }, (response) => {
      let text = JSON.stringify(response.headers);
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve(text));
      response.on('error', () => resolve(undefined));
    });
    request.on('error', () => resolve(undefined));
  });
}
