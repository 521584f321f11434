import { readdir, readlink, realpath, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { isSqliteInUse } from './database-use.js';
import { openSqliteFile } from './sqlite-driver.js';
import { vacuumFile, type VacuumMessage } from './sqlite-vacuum.js';

/** The database cannot be compacted now; the message says why. */
export class CompactRefused extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CompactRefused';
  }
}

export interface CompactProgress {
  readonly writtenBytes: number;
  readonly totalBytes: number;
}

export interface CompactReport {
  readonly file: string;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

export interface CompactOptions {
  /** Called periodically while it works, and once at the end. */
  readonly onProgress?: ((progress: CompactProgress) => void) | undefined;
  /** Path of the worker program; tests that run from sources name the built one. */
  readonly program?: string | undefined;
  /** 500 by default. */
  readonly millisecondsBetweenReports?: number | undefined;
}

/** The database is written twice, to a temporary file and to its log; files of older versions also get a page map. */
const spaceFactor = 2.01;

const vacuumProgram = fileURLToPath(new URL('./sqlite-vacuum-worker.js', import.meta.url));

/**
 * Rewrites a SQLite database without its free pages, in one transaction: an interruption leaves it unchanged. Afterwards it
 * releases free pages incrementally (`auto_vacuum=INCREMENTAL`), even if an earlier version created it.
 * @throws CompactRefused when the file does not exist, is in use, or the disk is too small
 */
export async function compactSqlite(named: string, options: CompactOptions = {}): Promise<CompactReport> {
  const found = await stat(named).catch(() => undefined);
  if (!found) throw new CompactRefused(`${named} does not exist`);
  // The space is needed in the directory of the file, not of a link to it.
  const path = await realpath(named);
  const folder = dirname(path);
  // Puts the temporary file where the space is checked, not in a /tmp that may be in memory. Read when SQLite opens its first file.
  // eslint-disable-next-line no-restricted-properties -- not a setting of this program: the only way to configure SQLite
  process.env['SQLITE_TMPDIR'] = folder;
  if (isSqliteInUse(path))
    throw new CompactRefused(
      `${path} is in use, and nothing could be written to it meanwhile: stop what uses it first. While that runs, it gives free space back by itself, little by little`,
    );
  const totalBytes = Math.ceil(usedBytes(path) * spaceFactor);
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < totalBytes)
    throw new CompactRefused(`it needs ${totalBytes} bytes in ${folder}, and ${bavail * bsize} are free there`);
  const report = options.onProgress ?? ((): void => undefined);
  let isFinished = false;
  const timer = setInterval(() => {
    void writtenBytes(path).then((written) => {
      if (!isFinished) report({ writtenBytes: Math.min(written, totalBytes), totalBytes });
    });
  }, options.millisecondsBetweenReports ?? 500);
  try {
    await vacuum(path, options.program ?? vacuumProgram);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new CompactRefused(`${path} cannot be compacted: ${message}`, { cause });
  } finally {
    isFinished = true;
    clearInterval(timer);
  }
  report({ writtenBytes: totalBytes, totalBytes });
  return { file: named, bytesBefore: found.size, bytesAfter: (await stat(path)).size };
}

function usedBytes(path: string): number {
  const database = openSqliteFile(path, { readonly: true });
  try {
    const [total, free, bytes] = ['page_count', 'freelist_count', 'page_size'].map((name) =>
      Number(database.pragma(name, { simple: true })),
    );
    return ((total ?? 0) - (free ?? 0)) * (bytes ?? 0);
  } finally {
    database.close();
  }
}

/** A bundle may lack the worker program: the work is then done on this thread, without progress reports. */
async function vacuum(path: string, program: string): Promise<void> {
  if (!(await stat(program).catch(() => undefined))) return vacuumFile(path);
  await new Promise<void>((resolve, reject) => {
    const worker = new Worker(program, { workerData: path, execArgv: [] });
    worker.on('message', (message: VacuumMessage) => {
      if (message.kind === 'done') resolve();
      else reject(new Error(message.message));
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`its thread ended with ${code} before the work was done`)));
  });
}

async function writtenBytes(path: string): Promise<number> {
  return (await sizeOf(`${path}-wal`)) + (await temporaryBytes(dirname(path)));
}

/** SQLite's temporary file is already unlinked; Linux lists it among the open files. */
async function temporaryBytes(folder: string): Promise<number> {
  const open = '/proc/self/fd';
  const sizes = (await readdir(open).catch(() => [])).map(async (descriptor) => {
    const target = await readlink(join(open, descriptor)).catch(() => '');
    return target.startsWith(join(folder, 'etilqs_')) ? sizeOf(join(open, descriptor)) : 0;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
