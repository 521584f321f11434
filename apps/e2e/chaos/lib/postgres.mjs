import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('postgres-server.mjs', import.meta.url));

/** A real PostgreSQL of our own, that can be stopped and started again. */
export async function startPostgres() {
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const nextLine = () =>
    Promise.race([
      once(lines, 'line').then(([line]) => line),
      once(child, 'exit').then(([code]) => {
        throw new Error(`PostgreSQL ended with ${code}`);
      }),
    ]);
  const tell = (command) => {
    const done = nextLine();
    child.stdin.write(`${command}\n`);
    return done;
  };
  const url = await nextLine();
  return {
    url,
    /** @param {'stop' | 'crash' | 'start'} command */
    tell,
    end: async () => {
      const gone = once(child, 'exit');
      child.stdin.end();
      await gone;
    },
  };
}
