import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const pageBytes = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }));

/** Parses /proc/<pid>/stat from the third field on, because the second, the name, may contain spaces. Undefined if it has exited. */
function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [utime, stime, cutime, cstime] = fields.slice(11, 15).map(Number);
    return { parent: Number(fields[1]), ticks: utime + stime + cutime + cstime, residentPages: Number(fields[21]) };
  } catch {
    return undefined;
  }
}

/** A process and all its descendants. */
export function treeOf(pid) {
  const children = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = statOf(name)?.parent;
    if (parent === undefined) continue;
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree = [pid];
  for (const member of tree) tree.push(...(children.get(member) ?? []));
  return tree;
}

/**
 * Processor time of these processes and of their exited children in microseconds. The kernel counts in ticks (10 ms), so a slice
 * of a second has a resolution of one percent.
 */
export function cpuMicroseconds(pids) {
  let ticks = 0;
  for (const pid of pids) ticks += statOf(pid)?.ticks ?? 0;
  return (ticks * 1e6) / ticksPerSecond;
}

/** Resident memory of these processes in MiB. Shared pages count once per process. */
export function residentMebibytes(pids) {
  let pages = 0;
  for (const pid of pids) pages += statOf(pid)?.residentPages ?? 0;
  return (pages * pageBytes) / 2 ** 20;
}

/** Seconds that a processor has been busy, including steal time; undefined if unknown. */
export function busySeconds(core) {
  const line = new RegExp(`^cpu${core} (.*)$`, 'm').exec(readFileSync('/proc/stat', 'utf8'));
  if (!line) return undefined;
  const [user, nice, system, , , irq, softirq, steal] = line[1].split(' ').map(Number);
  return (user + nice + system + irq + softirq + steal) / ticksPerSecond;
}
