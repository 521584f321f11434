import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Which processor each side of a measurement runs on; undefined where nothing can be pinned. */
export const cores = pinnable();

function pinnable() {
  if (spawnSync('taskset', ['-V']).status !== 0) return undefined;
  const [first, second] = allowed();
  return second === undefined ? undefined : { server: first, load: second };
}

/** Processors that this process may run on. */
function allowed() {
  const list = /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return list.split(',').flatMap((part) => {
    const [from, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

/** A command line that runs on the servers' core. */
export function onServerCore(command) {
  return cores ? ['taskset', '-c', String(cores.server), ...command] : command;
}

/** A command line that runs on the servers' core and the load's: this process, which starts it, has only one of them. */
export function onAnyCore(command) {
  return cores ? ['taskset', '-c', `${cores.server},${cores.load}`, ...command] : command;
}

/** Moves processes that run already, with all their threads. */
export function pin(pids, core) {
  if (!cores) return;
  for (const pid of pids) spawnSync('taskset', ['-a', '-c', '-p', String(core), String(pid)]);
}

/** The load is made by this process: it leaves the servers' core to the servers. */
export function pinLoad() {
  if (cores) pin([process.pid], cores.load);
}
