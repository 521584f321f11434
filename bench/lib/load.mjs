import { Connection } from './connection.mjs';
import { cores } from './cores.mjs';
import { busySeconds, cpuMicroseconds, treeOf } from './process-tree.mjs';
import { quantile } from './statistics.mjs';

/**
 * Runs units on every connection, one after another, for a duration; units in progress at its end are completed and counted.
 * @param side     the processor time of its `pids()` is measured
 * @param tasks    one function per connection: `(connection) => Promise<void>` runs one unit and throws if it fails
 * @param seconds  the duration
 * @param options  `pauseMilliseconds` between the units of a connection
 */
export async function slice(side, tasks, seconds, options = {}) {
  const { pauseMilliseconds = 0 } = options;
  const connections = tasks.map(() => new Connection(side.port));
  const latencies = [];
  const pids = side.pids();
  const cpuBefore = pids.map((part) => cpuMicroseconds(part.pids));
  const busyBefore = cores && busySeconds(cores.server);
  const sliceStartedAt = performance.now();
  const deadline = sliceStartedAt + seconds * 1000;
  let failure;
  const work = async (task, connection) => {
    while (failure === undefined && performance.now() < deadline) {
      const startedAt = performance.now();
      try {
        await task(connection);
      } catch (error) {
        failure ??= error;
        return;
      }
      latencies.push(performance.now() - startedAt);
      if (pauseMilliseconds > 0) await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
    }
  };
  await Promise.all(tasks.map((task, index) => work(task, connections[index])));
  const elapsed = performance.now() - sliceStartedAt;
  const busy = busyBefore === undefined ? undefined : busySeconds(cores.server) - busyBefore;
  for (const connection of connections) connection.close();
  if (failure !== undefined) throw new Error(`${side.name}: a unit failed`, { cause: failure });
  const cpuAfter = side.pids().map((part) => cpuMicroseconds(part.pids));
  const units = latencies.length;
  const used = cpuAfter.map((after, index) => after - cpuBefore[index]);
  const cpu = used.map((microseconds) => microseconds / units);
  return {
    units,
    seconds: elapsed / 1000,
    rate: (units * 1000) / elapsed,
    cpu: cpu.reduce((sum, part) => sum + part, 0),
    cpuParts: Object.fromEntries(pids.map((part, index) => [part.name, cpu[index]])),
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    // Share of the servers' processor that other processes used; near 0 on an idle machine.
    disturbed:
      busy === undefined
        ? undefined
        : Math.max(0, busy * 1000 - used.reduce((sum, part) => sum + part, 0) / 1000) / elapsed,
  };
}

/** The measured parts of a side: its processes with all their current descendants. */
export function partsOf(entries) {
  return entries.map(([name, pid]) => ({ name, pids: treeOf(pid) }));
}
