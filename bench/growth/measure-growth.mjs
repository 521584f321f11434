import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pinLoad } from '../lib/cores.mjs';
import { slice } from '../lib/load.mjs';
import { describeMachine } from '../lib/machine.mjs';
import { benchFolder, root } from '../lib/root.mjs';
import { median, ratios } from '../lib/statistics.mjs';
import { table } from '../report/table.mjs';
import { gatehouse } from '../sides/gatehouse.mjs';
import { usernames } from '../sides/seed.mjs';
import { logInForTokens } from '../workloads/messages.mjs';
import { busyClients, fill } from './fill.mjs';
import { listLines, measureLists } from './lists.mjs';
import { introspectAny, introspectSome, refreshAny } from './growth-workloads.mjs';

const goal = 1.1;
const connections = 32;
const workloads = [
  ['introspection of a thousand tokens in use, spread over all stored tokens', introspectSome],
  ['introspection of random tokens', introspectAny],
  ['refresh with rotation, of random tokens', refreshAny],
];

/** Measures both sizes, interleaved, as in the benchmark. */
export async function measureGrowth({ sizes, repetitions, seconds, quick }) {
  pinLoad();
  const machine = describeMachine();
  const folder = join(root, 'data/bench', `growth-${process.pid}`);
  const running = [];
  try {
    for (const size of sizes) running.push(await createFilled(size, join(folder, String(size))));
    const measured = workloads.map(([name, prepareTasks]) => ({
      name,
      cpu: sizes.map(() => []),
      tasks: running.map(({ side, stored }) => prepareTasks(side, stored, connections)),
    }));
    for (const { name, tasks, cpu } of measured) {
      for (let index = 0; index < running.length; index++) await slice(running[index].side, tasks[index], seconds);
      for (let repetition = 0; repetition < repetitions; repetition++) {
        process.stderr.write(`${name}, repetition ${repetition + 1} of ${repetitions}\n`);
        for (const index of repetition % 2 === 0 ? [0, 1] : [1, 0])
          cpu[index].push((await slice(running[index].side, tasks[index], seconds)).cpu);
      }
    }
    const large = running.at(-1);
    process.stderr.write('administration lists\n');
    const lists = await measureLists(large.side, large.stored.size);
    write({
      lists,
      date: new Date().toISOString().slice(0, 10),
      quick,
      machine,
      sizes,
      repetitions,
      seconds,
      databaseMebibytes: running.map(({ megabytes }) => megabytes),
      fillSeconds: running.map(({ fillSeconds }) => fillSeconds),
      rows: measured.map(({ name, cpu }) => ({ name, cpu, ratio: ratios(cpu[1], cpu[0]) })),
    });
  } finally {
    for (const { side } of running) await side.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Creates a database with `size` rows in each table, and starts Gatehouse with it. */
async function createFilled(size, folder) {
  const side = await gatehouse({ key: `gatehouse-${size}`, name: `Gatehouse at ${size.toLocaleString('en')}`, folder });
  await side.start();
  const { tokens } = await logInForTokens(side, 0, 'openid profile email offline_access', { prompt: 'consent' });
  await side.stop();
  const selector = (text) => parseInt(text.split('.')[0], 36);
  const model = {
    username: usernames[0],
    clientId: side.client.id,
    accessSelector: selector(tokens.access_token),
    refreshSelector: selector(tokens.refresh_token),
  };
  const path = join(folder, 'provider.sqlite');
  const startedAt = performance.now();
  const { stderr } = process;
  const first = fill(path, size, model, (name, share) => {
    if (stderr.isTTY)
      stderr.write(`\r\x1b[KFilling ${size.toLocaleString('en')}: ${Math.round(share * 100)} % (${name})`);
    else if (size >= 100_000 && Math.round(share * 1000) % 50 === 0)
      stderr.write(`Filling ${size.toLocaleString('en')}: ${Math.round(share * 100)} % (${name})\n`);
  });
  const fillSeconds = (performance.now() - startedAt) / 1000;
  const megabytes = statSync(path).size / 2 ** 20;
  stderr.write(
    `${stderr.isTTY ? '\r\x1b[K' : ''}Filled ${size.toLocaleString('en')} in ${Math.round(fillSeconds)} s: ${Math.round(megabytes)} MiB\n`,
  );
  await side.start();
  return { side, stored: { size, first }, megabytes, fillSeconds };
}

function write(results) {
  const text = markdown(results);
  process.stdout.write(`${text}\n`);
  const folder = results.quick ? join(root, 'data/bench') : join(benchFolder, 'results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, `growth-${results.date}.json`),
    `${JSON.stringify(results, (_, value) => (typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value), 1)}\n`,
  );
  writeFileSync(join(folder, 'growth.md'), `${text}\n`);
  process.stderr.write(`wrote growth-${results.date}.json and growth.md to ${folder}\n`);
}

function markdown({ date, quick, machine, sizes, repetitions, seconds, databaseMebibytes, rows, lists }) {
  const [small, large] = sizes.map((size) => size.toLocaleString('en'));
  const figure = (values) =>
    `${Math.round(median(values))} (${Math.round(Math.min(...values))}–${Math.round(Math.max(...values))})`;
  return [
    `# Growth: ${small} and ${large} users, clients and tokens${quick ? ' (a quick run for development, not a result)' : ''}`,
    `${date}, commit ${machine.commit ?? 'unknown'}: ${machine.processor}; Node ${machine.node}; Gatehouse on SQLite, ${databaseMebibytes.map(Math.round).join(' and ')} MiB. Each database has this number of users (who share one password hash), clients with a secret, grants, access tokens and refresh tokens; ${busyClients} of the clients own the tokens. Tokens are chosen at random and belong to users. The use of a token is recorded at most once a minute: with a million tokens nearly every unit records it, with a thousand few do. ${repetitions} interleaved repetitions of ${seconds} s, ${connections} connections. Refreshes add their rows to both databases.`,
    table(
      ['processor time per unit, µs', `at ${small}`, `at ${large}`, `ratio (goal: at most ${goal.toFixed(2)})`],
      rows.map(({ name, cpu, ratio }) => [
        name,
        figure(cpu[0]),
        figure(cpu[1]),
        `${ratio.median <= goal ? '✓' : '✗'} **${ratio.median.toFixed(2)}** (${ratio.least.toFixed(2)}–${ratio.most.toFixed(2)})`,
      ]),
    ),
    listLines(lists, sizes[1]),
  ].join('\n\n');
}
