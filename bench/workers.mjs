import { measureWorkload } from './lib/interleaved.mjs';
import { showSteps } from './lib/progress.mjs';
import { clientCredentials, introspection, refresh } from './workloads/workloads.mjs';

/** How many worker processes; the first is what the others are compared with. */
const counts = [1, 2, 4];
const measured = [introspection, clientCredentials, refresh];

/**
 * What a unit costs over all processes with one, two and four workers, on each of Gatehouse's databases: all of them
 * serve one database at once, and one at a time is under load. They have two processors and share them with the load.
 * @returns {Promise<object[]>} one entry for each database: its name, and results as of any other workload
 */
export async function measureWorkers(sides, options) {
  const results = [];
  for (const side of sides.filter(({ withWorkers, key }) => withWorkers !== undefined && !key.endsWith('-silent'))) {
    const groups = await Promise.all(counts.map((count) => side.withWorkers(count)));
    // Each worker has only its part of the requests to become fast by.
    const patient = { ...options, warmUpSeconds: Math.max(...counts) * 2 * options.warmUpSeconds };
    const steps = showSteps(measured.length * groups.length * (options.repetitions + 1));
    try {
      for (const group of groups) await group.start();
      const workloads = [];
      for (const workload of measured) workloads.push(await measureWorkload(workload, groups, patient, steps));
      results.push({
        key: side.key,
        name: side.name,
        sides: groups.map(({ key, name }) => ({ key, name })),
        workloads,
      });
    } finally {
      for (const group of groups) await group.stop();
      steps.end();
    }
  }
  return results;
}
