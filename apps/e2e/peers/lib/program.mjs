import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { beforeExit } from '../../chaos/lib/cleanup.mjs';

const maxMilliseconds = 120_000;

/**
 * Runs a peer. It prints a line for each check, `ok` or `FAIL`, its name and figures, with tabs between; and `open`, a tab and an
 * address for what the person's browser must open, and then reads the address at which the browser arrives.
 * @param peer  { program, args, cwd, env } and visitor, whose browser it is
 */
export async function runPeer(report, { program, args = [], cwd, env, visitor }) {
  const child = spawn(program, args, { cwd, env: { PATH: process.env.PATH, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  const forget = beforeExit(() => child.kill('SIGKILL'));
  const timer = setTimeout(() => child.kill('SIGKILL'), maxMilliseconds);
  const gone = once(child, 'close');
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (complaint = `${complaint}${text}`.slice(-2000)));
  child.stdin.on('error', () => undefined);
  let code;
  let signal;
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const [word, text, more = ''] = line.split('\t');
      if (word === 'open') child.stdin.write(`${await visitor.follow(text)}\n`);
      else report.check(text ?? line, word === 'ok', word === 'ok' ? '' : more);
    }
    [code, signal] = await gone;
  } finally {
    child.kill('SIGKILL');
    clearTimeout(timer);
    forget();
  }
  report.check('runs to its end', code === 0, code === 0 ? '' : `${code ?? signal}: ${complaint.trim()}`);
}
