import { spawn } from 'node:child_process';
import { mkdirSync, openSync, closeSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from './failure.mjs';
import { showProgress } from './progress.mjs';
import { root } from './root.mjs';

/**
 * Runs a program and collects its output.
 * @returns {Promise<{ status: number, stdout: string, stderr: string }>} status 127 if it does not exist
 */
export function capture(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      ...options,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    if (options.input !== undefined) child.stdin.end(options.input);
    child.on('error', (error) =>
      resolve({ status: error.code === 'ENOENT' ? 127 : 1, stdout, stderr: stderr + error.message }),
    );
    child.on('close', (status) => resolve({ status: status ?? 1, stdout, stderr }));
  });
}

/** Runs a program with this process's stdio. @returns {Promise<number>} its exit status */
export function runInherited(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: 'inherit', ...options });
    child.on('error', (error) => {
      console.error(`${program}: ${error.message}`);
      resolve(127);
    });
    child.on('close', (status) => resolve(status ?? 1));
  });
}

/** Runs a long step with its output in a log file. @throws Failure with the end of the log */
export async function runLogged({ label, program, args, logPath, env, cwd = root, advice }) {
  mkdirSync(dirname(logPath), { recursive: true });
  const log = openSync(logPath, 'w');
  const progress = showProgress(label);
  const status = await new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', log, log] });
    child.on('error', (error) => {
      writeFileSync(log, `${program}: ${error.message}\n`);
      resolve(127);
    });
    child.on('close', (code) => resolve(code ?? 1));
  });
  closeSync(log);
  if (status === 0) return progress.done();
  progress.failed();
  const end = readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-30).join('\n');
  throw new Failure(
    `${end}\n\n${label} failed with status ${status}. Full log: ${logPath}${advice === undefined ? '' : `\n${advice}`}`,
  );
}
