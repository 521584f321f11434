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

/** Runs one process of Gatehouse per workload with `node --cpu-prof`, and prints the most expensive functions under load. */
export async function profile(options) {
  pinLoad();
  const profileFolder = join(root, 'data/bench/profiles');
  const folder = join(root, 'data/bench', `profile-${process.pid}`);
  mkdirSync(profileFolder, { recursive: true });
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
      rmSync(join(profileFolder, name), { force: true });
      await side.start([
        '--cpu-prof',
        `--cpu-prof-dir=${profileFolder}`,
        `--cpu-prof-name=${name}`,
        '--cpu-prof-interval=250',
      ]);
      const tasks = await workload.prepare(side, options.connections);
      await slice(side, tasks, options.warmUpSeconds);
      const from = process.hrtime.bigint();
      const measured = await slice(side, tasks, options.seconds);
      const to = process.hrtime.bigint();
      await side.stop();
      if (!readdirSync(profileFolder).includes(name)) throw new Error(`no profile was written: ${name}`);
      print(workload, measured, readProfile(join(profileFolder, name), Number(from / 1000n), Number(to / 1000n)));
    }
    console.log(`The profiles are in ${profileFolder}; open them with the developer tools of a browser.`);
  } finally {
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function print(workload, measured, { functions, places, busyMicroseconds }) {
  // The profiler samples wall-clock time: a flush that waits for the disk counts as self time of the committing function.
  const line = ({ name, microseconds }) =>
    `${(microseconds / measured.units).toFixed(1).padStart(8)} µs ${((microseconds * 100) / busyMicroseconds).toFixed(1).padStart(5)} %  ${name}`;
  console.log(
    `\n== ${workload.key}: ${measured.units} units, ${(busyMicroseconds / measured.units).toFixed(0)} µs of the main thread each, including waiting for the disk (${measured.cpu.toFixed(0)} µs of processor time of all threads)\n`,
  );
  console.log('   self time by function');
  for (const entry of functions.slice(0, shownFunctions)) console.log(line(entry));
  console.log('\n   self time by package or folder');
  for (const entry of places.slice(0, 12)) console.log(line(entry));
}
