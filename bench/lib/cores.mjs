import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The processors of the servers and of the load; undefined if processes cannot be pinned. */
export const cores = pinnable();

function pinnable() {
  if (spawnSync('taskset', ['-V']).status !== 0) return undefined;
  const [first, second] = allowedProcessors();
  return second === undefined ? undefined : { server: first, load: second };
}

/** Processors that this process may run on. */
function allowedProcessors() {
  const list = /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return list.split(',').flatMap((part) => {
    const [from, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

/** The command, pinned to the servers' core. */
export function onServerCore(command) {
  return cores ? ['taskset', '-c', String(cores.server), ...command] : command;
}

/** The command, allowed on the cores of the servers and of the load; it would otherwise inherit only the load's core. */
export function onAnyCore(command) {
  return cores ? ['taskset', '-c', `${cores.server},${cores.load}`, ...command] : command;
}

/** Pins running processes with all their threads. */
export function pin(pids, core) {
  if (!cores) return;
  for (const pid of pids) spawnSync('taskset', ['-a', '-c', '-p', String(core), String(pid)]);
}

/** Pins this process, which creates the load, to the load's core. */
export function pinLoad() {
  if (cores) pin([process.pid], cores.load);
}
