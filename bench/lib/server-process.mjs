import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { onAnyCore, onServerCore } from './cores.mjs';

const children = new Set();

/** Stops the servers that this process started when it is stopped itself. */
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    for (const child of children) child.kill('SIGTERM');
    process.exit(1);
  });
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/**
 * Starts a server on the servers' core (with `anywhere`, on any core) with its output in a file, and waits for its first 200.
 * @returns the child, and the milliseconds from the start to that response
 */
export async function startServer({ command, env, cwd, logPath, port, readyPath, anywhere = false }) {
  const log = openSync(logPath, 'a');
  const [program, ...rest] = anywhere ? onAnyCore(command) : onServerCore(command);
  const startedAt = performance.now();
  const child = spawn(program, rest, { cwd, env: { ...plainEnvironment(), ...env }, stdio: ['ignore', log, log] });
  closeSync(log);
  children.add(child);
  child.once('exit', () => children.delete(child));
  for (;;) {
    if (child.exitCode !== null)
      throw new Error(`${command.join(' ')} exited:\n${readFileSync(logPath, 'utf8').slice(-3000)}`);
    if ((await statusOf(port, readyPath)) === 200) return { child, startMilliseconds: performance.now() - startedAt };
    if (performance.now() - startedAt > 60_000) {
      child.kill('SIGKILL');
      throw new Error(
        `${command.join(' ')} did not respond within a minute:\n${readFileSync(logPath, 'utf8').slice(-3000)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}

export async function endServer(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 12_000);
  await ended;
  clearTimeout(timer);
}

/** The environment without the developer's settings of Gatehouse. */
export function plainEnvironment() {
  const entries = Object.entries(process.env).filter(([name]) => !/^(GATEHOUSE_|BENCH_|npm_|NODE_OPTIONS$)/.test(name));
  return { ...Object.fromEntries(entries), NODE_ENV: 'production' };
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function statusOf(port, path) {
  return new Promise((resolve) => {
    const probe = request({ host: '127.0.0.1', port, path, agent: false, timeout: 5000 }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
      response.on('error', () => resolve(undefined));
    });
    probe.on('timeout', () => probe.destroy());
    probe.on('error', () => resolve(undefined));
    probe.end();
  });
}
