import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { beforeExit } from '../../chaos/lib/cleanup.mjs';

/** Starts a server of others, which ends with us. @returns end(): ends it; said(): the end of what it printed */
export function startServer(program, args, options = {}) {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk) => (text = `${text}${chunk}`.slice(-4000)));
  const forget = beforeExit(() => child.kill('SIGKILL'));
  const gone = once(child, 'exit');
  return {
    said: () => text,
    end: async () => {
      child.kill('SIGTERM');
      await gone;
      forget();
    },
  };
}
