import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/**
 * npm as [program, first arguments], run by this process's Node: npm builds native modules for the Node that runs it, and the
 * first `node` in PATH may be a different version.
 */
export function npmCommand() {
  const bin = dirname(process.execPath);
  const candidates = [
    process.env.npm_execpath,
    join(bin, '../lib/node_modules/npm/bin/npm-cli.js'),
    join(bin, 'node_modules/npm/bin/npm-cli.js'),
    join(bin, '../share/nodejs/npm/bin/npm-cli.js'),
  ];
  const script = candidates.find((path) => path?.endsWith('npm-cli.js') && existsSync(path));
  return script === undefined ? ['npm', []] : [process.execPath, [script]];
}

/** This process's environment without the variables that `npm run` sets, and with this Node first in PATH. */
export function npmEnvironment(additions = {}) {
  const inherited = Object.entries(process.env).filter(
    // keeps npm_config_* that the user set (a registry, a proxy); `npm run -s` must not silence the log of the installation
    ([name]) => !/^npm_(package|lifecycle|command|execpath)|^npm_config_(loglevel|local_prefix|silent)$/i.test(name),
  );
  const env = { ...Object.fromEntries(inherited), ...additions };
  env.PATH = [dirname(process.execPath), env.PATH].filter(Boolean).join(delimiter);
  return env;
}

/** Sends this process SIGTERM when the npm that started it was killed: nobody could stop it with Ctrl-C any more. */
export function endWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const [parent, grandparent] = [process.ppid, parentOfShell(process.ppid)];
  setInterval(() => {
    if (process.ppid !== parent || parentOfShell(parent) !== grandparent) process.kill(process.pid, 'SIGTERM');
  }, 1000).unref();
}

/** npm runs a script with `sh -c`, which on some systems remains as the parent of this process. Linux only; elsewhere undefined. */
function parentOfShell(pid) {
  try {
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[1] !== '-c') return undefined;
    return /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
