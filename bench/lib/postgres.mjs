import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cores, pin } from './cores.mjs';
import { treeOf } from './process-tree.mjs';
import { benchFolder } from './root.mjs';

/** Starts a PostgreSQL on the servers' core. */
export async function startPostgres() {
  const child = spawn(process.execPath, [join(benchFolder, 'lib/postgres-server.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const line = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('error', reject);
    child.once('exit', (status) => reject(new Error(`PostgreSQL did not start (status ${status})`)));
  });
  const { url, pid } = JSON.parse(line);
  pin(treeOf(pid), cores?.server);
  return {
    url,
    pid,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', resolve);
        child.stdin.end();
      }),
  };
}
