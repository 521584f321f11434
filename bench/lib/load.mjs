import { Connection } from './connection.mjs';
import { cores } from './cores.mjs';
import { busySeconds, cpuMicroseconds, treeOf } from './process-tree.mjs';
import { quantile } from './statistics.mjs';

/**
 * Does units on every connection, one after another, until the time is over; those under way are finished and counted.
 * @param side     its `pids()` are what is charged for
 * @param doers    one function per connection: `(connection) => Promise<void>` does one unit and throws when it failed
 * @param seconds  how long
 * @param options  `least` units at the least, `pauseMilliseconds` between the units of a connection
 */
export async function slice(side, doers, seconds, options = {}) {
  const { pauseMilliseconds = 0 } = options;
  const connections = doers.map(() => new Connection(side.port));
  const latencies = [];
  const pids = side.pids();
  const cpuBefore = pids.map((part) => cpuMicroseconds(part.pids));
  const busyBefore = cores && busySeconds(cores.server);
  const begunAt = performance.now();
  const deadline = begunAt + seconds * 1000;
  let failure;
  const work = async (doer, connection) => {
    while (failure === undefined && performance.now() < deadline) {
      const startedAt = performance.now();
      try {
        await doer(connection);
      } catch (error) {
        failure ??= error;
        return;
      }
      latencies.push(performance.now() - startedAt);
      if (pauseMilliseconds > 0) await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
    }
  };
  await Promise.all(doers.map((doer, index) => work(doer, connections[index])));
  const elapsed = performance.now() - begunAt;
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
    // What others had of the servers' processor meanwhile, as a share of the time: near 0 on a quiet machine.
    disturbed:
      busy === undefined
        ? undefined
        : Math.max(0, busy * 1000 - used.reduce((sum, part) => sum + part, 0) / 1000) / elapsed,
  };
}

/** The parts of a side that are charged: its processes with all their children, looked up now. */
export function partsOf(entries) {
  return entries.map(([name, pid]) => ({ name, pids: treeOf(pid) }));
}
