import { spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { beforeExit } from './cleanup.mjs';
import { temporaryFolder } from './folder.mjs';

/** A disk in memory that can be filled; undefined where nobody may mount one. */
export function mountSmallDisk(megabytes) {
  if (process.platform !== 'linux' || process.getuid() !== 0) return undefined;
  const folder = temporaryFolder();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  if (mounted.status !== 0) return undefined;
  beforeExit(() => spawnSync('umount', ['-l', folder]));
  return new SmallDisk(folder);
}

class SmallDisk {
  constructor(folder) {
    this.folder = folder;
    this.filler = join(folder, 'filler');
  }

  /** Writes until nothing more fits. */
  fill() {
    const file = openSync(this.filler, 'a');
    try {
      for (let size = 1 << 20; size >= 1; size = size >> 1)
        try {
          for (;;) if (writeSync(file, Buffer.alloc(size)) < size) break;
        } catch (error) {
          if (error.code !== 'ENOSPC') throw error;
        }
    } finally {
      closeSync(file);
    }
  }

  empty() {
    rmSync(this.filler, { force: true });
  }
}
