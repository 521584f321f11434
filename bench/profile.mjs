import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pinLoad } from './lib/cores.mjs';
import { readProfile } from './lib/cpu-profile.mjs';
import { slice } from './lib/load.mjs';
import { startPostgres } from './lib/postgres.mjs';
import { root } from './lib/root.mjs';
import { gatehouse } from './sides/gatehouse.mjs';
import { workloads } from './workloads/workloads.mjs';

const shownFunctions = 25;

/** One process of Gatehouse per workload under `node --cpu-prof`; prints what costs most while the load runs. */
export async function profile(options) {
  pinLoad();
  const kept = join(root, 'data/bench/profiles');
  const folder = join(root, 'data/bench', `profile-${process.pid}`);
  mkdirSync(kept, { recursive: true });
  const onPostgres = options.sides?.includes('gatehouse-postgres') ?? false;
  const postgres = onPostgres ? await startPostgres() : undefined;
  const key = onPostgres ? 'gatehouse-postgres' : 'gatehouse-sqlite';
  try {
    const side = await gatehouse({ key, name: key, folder, databaseUrl: postgres?.url });
    await side.start();
    await side.stop();
    for (const workload of workloads) {
      if (workload.sides || (options.workloads && !options.workloads.includes(workload.key))) continue;
      const name = `${key}-${workload.key}.cpuprofile`;
      rmSync(join(kept, name), { force: true });
      await side.start(['--cpu-prof', `--cpu-prof-dir=${kept}`, `--cpu-prof-name=${name}`, '--cpu-prof-interval=250']);
      const doers = await workload.prepare(side, options.connections);
      await slice(side, doers, options.warmUpSeconds);
      const from = process.hrtime.bigint();
      const measured = await slice(side, doers, options.seconds);
      const to = process.hrtime.bigint();
      await side.stop();
      if (!readdirSync(kept).includes(name)) throw new Error(`no profile was written: ${name}`);
      print(workload, measured, readProfile(join(kept, name), Number(from / 1000n), Number(to / 1000n)));
    }
    console.log(`The profiles are in ${kept}: a browser's developer tools open them.`);
  } finally {
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function print(workload, measured, { functions, places, busyMicroseconds }) {
  // The profiler samples by the wall clock: a flush that waits for the disk counts as self time of whoever commits.
  const line = ({ name, microseconds }) =>
    `${(microseconds / measured.units).toFixed(1).padStart(8)} µs ${((microseconds * 100) / busyMicroseconds).toFixed(1).padStart(5)} %  ${name}`;
  console.log(
    `\n== ${workload.key}: ${measured.units} units, ${(busyMicroseconds / measured.units).toFixed(0)} µs of the main thread each, waiting for the disk included (${measured.cpu.toFixed(0)} µs of processor time with all threads)\n`,
  );
  console.log('   self time by function');
  for (const entry of functions.slice(0, shownFunctions)) console.log(line(entry));
  console.log('\n   self time by package or folder');
  for (const entry of places.slice(0, 12)) console.log(line(entry));
}
