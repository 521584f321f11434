import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { loadavg } from 'node:os';
import { pinLoad } from './lib/cores.mjs';
import { measureWorkload, messageOf } from './lib/interleaved.mjs';
import { slice } from './lib/load.mjs';
import { describeMachine } from './lib/machine.mjs';
import { startPostgres } from './lib/postgres.mjs';
import { residentMebibytes, treeOf } from './lib/process-tree.mjs';
import { showSteps } from './lib/progress.mjs';
import { root } from './lib/root.mjs';
import { report } from './report/report.mjs';
import { gatehouse } from './sides/gatehouse.mjs';
import { limit, oidcProvider } from './sides/limit.mjs';
import { measureWorkers } from './workers.mjs';
import { clientCredentials, passwordLogin, workloads } from './workloads/workloads.mjs';

/** Runs all workloads, interleaved, and writes the report. */
export async function measure(options) {
  pinLoad();
  const machine = describeMachine();
  const folder = join(root, 'data/bench', `run-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const isSelected = (key) => options.sides === undefined || options.sides.includes(key);
  const startedPostgres =
    isSelected('gatehouse-postgres') && options.postgresUrl === undefined ? await startPostgres() : undefined;
  const sides = [];
  try {
    process.stderr.write('Creating databases, clients and users …\n');
    for (const [key, createSide] of Object.entries(
      sideFactories(folder, options.postgresUrl ?? startedPostgres?.url, startedPostgres),
    ))
      if (isSelected(key)) sides.push(await createSide());
    const results = {
      date: new Date().toISOString().slice(0, 10),
      quick: options.quick,
      options: reportedOptions(options),
      machine,
    };
    results.sides = sides.map(({ key, name }) => ({ key, name }));
    results.starts = await measureStarts(sides, options);
    const selected = workloads.filter(({ key }) => options.workloads === undefined || options.workloads.includes(key));
    const steps = showSteps(
      selected.reduce((sum, workload) => sum + sidesOf(workload, sides).length * (options.repetitions + 1), 0) +
        sides.length,
    );
    results.workloads = [];
    for (const workload of selected)
      results.workloads.push(await measureWorkload(workload, sidesOf(workload, sides), options, steps));
    results.underLogins = {};
    for (const side of sides) {
      steps.step(`${side.name}: token requests during password logins`);
      results.underLogins[side.key] = await measureUnderLogins(side, options);
    }
    steps.end();
    results.memory = Object.fromEntries(
      sides.map((side) => [side.key, { idle: results.starts[side.key].idle, loaded: memoryOf(side) }]),
    );
    if (options.workers) {
      for (const side of sides) await side.stop();
      results.workers = await measureWorkers(sides, options);
    }
    machine.loadAverageAfter = loadavg()[0];
    report(results);
  } finally {
    for (const side of sides) await side.stop();
    await startedPostgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function sideFactories(folder, postgresUrl, startedPostgres) {
  const extraProcesses = startedPostgres && (() => [['postgres', startedPostgres.pid]]);
  return {
    limit: () => limit(join(folder, 'limit')),
    'gatehouse-sqlite': () =>
      gatehouse({ key: 'gatehouse-sqlite', name: 'Gatehouse (SQLite)', folder: join(folder, 'gatehouse-sqlite') }),
    'gatehouse-sqlite-silent': () =>
      gatehouse({
        key: 'gatehouse-sqlite-silent',
        name: 'Gatehouse (SQLite), no log',
        folder: join(folder, 'gatehouse-sqlite-silent'),
        environment: { GATEHOUSE_LOG_LEVEL: 'silent' },
      }),
    'gatehouse-postgres': () =>
      gatehouse({
        key: 'gatehouse-postgres',
        name: 'Gatehouse (PostgreSQL)',
        folder: join(folder, 'gatehouse-postgres'),
        databaseUrl: postgresUrl,
        beside: extraProcesses,
      }),
    'oidc-provider': () => oidcProvider(join(folder, 'oidc-provider')),
  };
}

function sidesOf(workload, sides) {
  return sides.filter((side) => workload.sides?.includes(side.key) ?? true);
}

/** Ignores the first start, which generates keys. The servers keep running after the last one. */
async function measureStarts(sides, options) {
  process.stderr.write('Measuring starts …\n');
  const starts = Object.fromEntries(sides.map((side) => [side.key, { milliseconds: [] }]));
  for (let repetition = 0; repetition <= options.repetitions; repetition++)
    for (const side of sides) {
      const milliseconds = await side.start();
      if (repetition > 0) starts[side.key].milliseconds.push(milliseconds);
      if (repetition < options.repetitions) await side.stop();
    }
  await new Promise((resolve) => setTimeout(resolve, 2000));
  for (const side of sides) starts[side.key].idle = memoryOf(side);
  return starts;
}

/** Memory of the server's processes in MiB, without PostgreSQL's, whose memory is mostly shared. */
function memoryOf(side) {
  return residentMebibytes(side.pids().find(({ name }) => name === 'server').pids);
}

/** Token requests at a moderate, constant rate, while all other connections log in with a password as fast as possible. */
async function measureUnderLogins(side, options) {
  try {
    const tokens = (await clientCredentials.prepare(side, 4)).slice(0, 4);
    const logins = await passwordLogin.prepare(side, options.connections);
    const seconds = options.seconds * 2;
    await slice(side, logins, options.warmUpSeconds);
    const [loginSlice, tokenSlice] = await Promise.all([
      slice(side, logins, seconds + 0.5),
      slice(side, tokens, seconds, { pauseMilliseconds: 20 }),
    ]);
    return { logins: loginSlice.rate, tokens: tokenSlice.rate, p50: tokenSlice.p50, p99: tokenSlice.p99 };
  } catch (error) {
    return { failure: messageOf(error) };
  }
}

function reportedOptions(options) {
  const { repetitions, seconds, connections } = options;
  return { repetitions, seconds, connections };
}
