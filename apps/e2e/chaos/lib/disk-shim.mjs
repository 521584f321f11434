import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './folder.mjs';

const source = fileURLToPath(new URL('disk-shim.c', import.meta.url));
const fields = ['milliseconds', 'error', 'flushes', 'slowed', 'failed'];

/**
 * A disk whose flushes can be made slow or fail, for a program that is started with its environment; undefined where
 * none can be made: it is a library of C that Linux puts between the program and the system.
 */
export function makeDiskShim() {
  if (process.platform !== 'linux') return undefined;
  const folder = temporaryFolder();
  const library = join(folder, 'disk-shim.so');
  const compiled = spawnSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'], { encoding: 'utf8' });
  if (compiled.error?.code === 'ENOENT') return undefined;
  if (compiled.status !== 0) throw new Error(`the shim does not compile: ${compiled.stderr}`);
  return new DiskShim(library, join(folder, 'controls'));
}

class DiskShim {
  constructor(library, controls) {
    writeFileSync(controls, Buffer.alloc(fields.length * 4));
    this.file = openSync(controls, 'r+');
    this.environment = { LD_PRELOAD: library, CHAOS_DISK: controls };
  }

  /** Every flush takes at least so long. */
  slow(milliseconds) {
    this.set('milliseconds', milliseconds);
  }

  /** Every flush fails with an I/O error, or none does. */
  fail(failing) {
    this.set('error', failing ? constants.errno.EIO : 0);
  }

  /** @returns what happened so far: { flushes, slowed, failed } */
  counts() {
    const buffer = Buffer.alloc(fields.length * 4);
    readSync(this.file, buffer, 0, buffer.length, 0);
    return Object.fromEntries(fields.map((name, index) => [name, buffer.readUInt32LE(index * 4)]));
  }

  set(name, value) {
    const buffer = Buffer.alloc(4);
    buffer.writeUInt32LE(value);
    writeSync(this.file, buffer, 0, 4, fields.indexOf(name) * 4);
  }

  close() {
    closeSync(this.file);
  }
}
