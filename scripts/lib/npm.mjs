import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/**
 * npm as [program, first arguments], run by the Node that runs us: native modules are built for that one, and the
 * first `node` in PATH may be another.
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

/** Our environment without what `npm run` put into it, and with this Node first in PATH. */
export function npmEnvironment(additions = {}) {
  const inherited = Object.entries(process.env).filter(
    // npm_config_* that a person set (a registry, a proxy) stay; `npm run -s` must not silence the install's log
    ([name]) => !/^npm_(package|lifecycle|command|execpath)|^npm_config_(loglevel|local_prefix|silent)$/i.test(name),
  );
  const env = { ...Object.fromEntries(inherited), ...additions };
  env.PATH = [dirname(process.execPath), env.PATH].filter(Boolean).join(delimiter);
  return env;
}

/** Ends us, by SIGTERM, when the npm that began us was killed without a word: nobody is left who could press Ctrl-C. */
export function endWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const [parent, above] = [process.ppid, parentOfShell(process.ppid)];
  setInterval(() => {
    if (process.ppid !== parent || parentOfShell(parent) !== above) process.kill(process.pid, 'SIGTERM');
  }, 1000).unref();
}

/** npm runs a script by `sh -c`, which on some systems stays between npm and us. Linux only; elsewhere undefined. */
function parentOfShell(pid) {
  try {
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[1] !== '-c') return undefined;
    return /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
