import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { capture } from './command.mjs';

/** Describes the program that listens on a TCP port: `node server.js (pid 4711)`. Undefined if it cannot be found. */
export async function describeHolder(port) {
  return process.platform === 'linux' ? (fromProc(port) ?? (await fromLsof(port))) : fromLsof(port);
}

function fromProc(port) {
  const listeners = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listenersIn(table, port));
  if (listeners.length === 0) return undefined;
  const sockets = new Set(listeners.map(({ inode }) => `socket:[${inode}]`));
  const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && hasSocket(name, sockets));
  if (pid !== undefined) return `${commandOf(pid)} (pid ${pid})`;
  const { uid } = listeners[0];
  return Number(uid) === process.getuid() ? undefined : `a program of ${userName(uid)}`;
}

/** Fields of a line: sl, local address, remote address, state (0A = listening), …, uid (7), timeout, inode (9). */
function listenersIn(table, port) {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const lines = readIfAllowed(() => readFileSync(table, 'utf8').split('\n')) ?? [];
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(`:${hexPort}`) && fields[3] === '0A')
    .map((fields) => ({ uid: fields[7], inode: fields[9] }));
}

function hasSocket(pid, sockets) {
  const descriptors = readIfAllowed(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  return descriptors.some((fd) => sockets.has(readIfAllowed(() => readlinkSync(`/proc/${pid}/fd/${fd}`))));
}

function commandOf(pid) {
  const args = (readIfAllowed(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '').split('\0').filter(Boolean);
  return args.slice(0, 2).join(' ') || 'a program';
}

function userName(uid) {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.split(':')[2] === uid);
  return line === undefined ? `user ${uid}` : `the user ${line.split(':')[0]}`;
}

function readIfAllowed(read) {
  try {
    return read();
  } catch {
    return undefined; // another user's process, or one that has just ended
  }
}

async function fromLsof(port) {
  const { status, stdout } = await capture('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc']);
  const field = (letter) =>
    stdout
      .split('\n')
      .find((line) => line.startsWith(letter))
      ?.slice(1);
  const command = field('c');
  if (status !== 0 || command === undefined) return undefined;
  const airPlay = command.startsWith('ControlCe')
    ? ', which is AirPlay Receiver (System Settings, AirDrop & Handoff)'
    : '';
  return `${command} (pid ${field('p')})${airPlay}`;
}
