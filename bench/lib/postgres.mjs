import { runPostgres } from '../../scripts/lib/postgres-process.mjs';
import { cores, pin } from './cores.mjs';
import { treeOf } from './process-tree.mjs';

/** Starts PostgreSQL on the servers' core with its default of flushing every commit. */
export async function startPostgres() {
  const { url, pid, end } = await runPostgres({ durable: true });
  pin(treeOf(pid), cores?.server);
  return { url, pid, stop: end };
}
