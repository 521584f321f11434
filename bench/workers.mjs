import { measureWorkload } from './lib/interleaved.mjs';
import { showSteps } from './lib/progress.mjs';
import { clientCredentials, introspection, refresh } from './workloads/workloads.mjs';

/** Numbers of worker processes; the others are compared with the first. */
const counts = [1, 2, 4];
const measured = [introspection, clientCredentials, refresh];

/**
 * Measures the cost of a unit over all processes with one, two and four workers, on each of Gatehouse's databases. All groups
 * share one database, and one group at a time is under load. They share two processors with the load.
 * @returns {Promise<object[]>} for each database its name, and results like those of any workload
 */
export async function measureWorkers(sides, options) {
  const results = [];
  for (const side of sides.filter(({ withWorkers, key }) => withWorkers !== undefined && !key.endsWith('-silent'))) {
    const groups = await Promise.all(counts.map((count) => side.withWorkers(count)));
    // Each worker receives only its share of the requests, so it warms up more slowly.
    const workerOptions = { ...options, warmUpSeconds: Math.max(...counts) * 2 * options.warmUpSeconds };
    const steps = showSteps(measured.length * groups.length * (options.repetitions + 1));
    try {
      for (const group of groups) await group.start();
      const workloads = [];
      for (const workload of measured) workloads.push(await measureWorkload(workload, groups, workerOptions, steps));
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
