import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('postgres-server.mjs', import.meta.url));

/**
 * Starts a PostgreSQL server that can be stopped and started again, and that stops when this process exits for any reason.
 * @param options  durable: every commit is flushed; standby: a second server replicates it
 * @returns {Promise<{ url: string, standbyUrl: string | undefined, pid: number, tell: (command: 'stop' | 'crash' | 'start') => Promise<string>, end: () => Promise<void> }>}
 *   pid: of the server after the first start
 */
export async function runPostgres({ durable = false, standby = false } = {}) {
  const flags = [...(durable ? ['--durable'] : []), ...(standby ? ['--standby'] : [])];
  const child = spawn(process.execPath, [script, ...flags], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const nextLine = () =>
    Promise.race([
      once(lines, 'line').then(([line]) => line),
      once(child, 'exit').then(([code]) => {
        throw new Error(`PostgreSQL exited with ${code}`);
      }),
    ]);
  const { url, standbyUrl, pid } = JSON.parse(await nextLine());
  return {
    url,
    standbyUrl,
    pid,
    tell: (command) => {
      const done = nextLine();
      child.stdin.write(`${command}\n`);
      return done;
    },
    end: async () => {
      const exited = once(child, 'exit');
      child.stdin.end();
      await exited;
    },
  };
}
