import { randomBytes } from 'node:crypto';
import { link, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { epochSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import { isSqliteInUse } from './database-use.js';
import {
  copySqliteFile,
  flushFile,
  type BackupProgress,
  type SqliteCopyRequest,
  type SqliteCopyResult,
} from './sqlite-copy.js';
import type { SqliteCopyMessage } from './sqlite-copy-worker.js';
import { isDamaged } from './sqlite-driver.js';
import { driverCode } from './store-error.js';

export type { BackupProgress } from './sqlite-copy.js';

/** A backup or a restore is not possible; the message says why. */
export class BackupRefused extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BackupRefused';
  }
}

export interface BackupReport {
  readonly file: string;
  readonly bytes: number;
}

export interface OnlineBackupReport extends BackupReport {
  /** Time of the snapshot: the copy does not contain later commits. */
  readonly takenAt: EpochSeconds;
}

export interface RestoreReport extends BackupReport {
  /** Names under which the previous files are kept. */
  readonly replacedFiles: readonly string[];
}

export interface BackupOptions {
  /** Called periodically while pages are copied, and once at the end. */
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined;
  /** Path of the worker program; tests that run from sources name the built one. */
  readonly program?: string | undefined;
}

export interface RestoreOptions extends BackupOptions {
  readonly replace: boolean;
}

/** Files that SQLite keeps beside a database and applies when it opens the database. */
const logSuffixes = ['-wal', '-shm', '-journal'];

const copyProgram = fileURLToPath(new URL('./sqlite-copy-worker.js', import.meta.url));

/**
 * Copies a SQLite database while other processes use it: one snapshot, checked and flushed, which gets its final name only
 * when it is complete and is readable by its owner alone. A worker thread copies, so that a server stays responsive.
 * @throws BackupRefused when the file already exists, the disk is too small, or the copy is damaged
 */
export async function backupSqlite(
  path: string,
  target: string,
  options: BackupOptions = {},
): Promise<OnlineBackupReport> {
  if (!(await exists(path))) throw new BackupRefused(`${path} does not exist`);
  await refuseExisting(target);
  const draft = await createDraft(target);
  try {
    const { problem, takenAtMilliseconds } = await copyPages({ path, draft }, options);
    if (problem !== undefined) throw new BackupRefused(`the copy of ${path} is not sound: ${problem}`);
    // link() fails where the name was taken meanwhile; rename() would replace the file.
    await link(draft, target).catch((cause: unknown) => {
      throw driverCode(cause) === 'EEXIST' ? alreadyExists(target) : cause;
    });
    await flushFile(dirname(target));
    return {
      file: target,
      bytes: (await stat(target)).size,
      takenAt: epochSeconds(Math.floor(takenAtMilliseconds / 1000)),
    };
  } finally {
    await removeDraft(draft);
  }
}

async function copyPages(request: SqliteCopyRequest, options: BackupOptions): Promise<SqliteCopyResult> {
  const report = options.onProgress ?? ((): void => undefined);
  const program = options.program ?? copyProgram;
  try {
    // A bundle may lack the worker program: the copy is then made on this thread.
    return await ((await exists(program)) ? copyInThread(request, program, report) : copySqliteFile(request, report));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new BackupRefused(`${request.path} cannot be copied: ${message}`, { cause });
  }
}

function copyInThread(
  request: SqliteCopyRequest,
  program: string,
  report: (progress: BackupProgress) => void,
): Promise<SqliteCopyResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(program, { workerData: request, execArgv: [] });
    worker.on('message', (message: SqliteCopyMessage) => {
      if (message.kind === 'progress') report(message.progress);
      else if (message.kind === 'done') resolve(message.result);
      else reject(new Error(message.message));
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`its thread ended with ${code} before the copy was complete`)));
  });
}

/**
 * Replaces a database that no process uses with a backup.
 * @param options.replace allows replacing an existing database; its files are kept beside it as `.replaced-TIME`
 * @throws BackupRefused when the backup is damaged, or a database exists and `replace` is not set
 */
export async function restoreSqlite(backup: string, path: string, options: RestoreOptions): Promise<RestoreReport> {
  const isThere = await exists(path);
  if (isThere && !options.replace) throw new BackupRefused(`${path} exists: --replace puts the backup in its place`);
  if (isThere && isReadableAndInUse(path)) throw new BackupRefused(`${path} is in use: stop the provider first`);
  const draft = await createDraft(path);
  try {
    // Through SQLite, not byte by byte: committed changes may still be in the WAL of the backup.
    const { problem } = await copyPages({ path: backup, draft }, options);
    if (problem !== undefined) throw new BackupRefused(`${backup} is not sound: ${problem}`);
    const replacedFiles = await setAside(path);
    await flushFile(dirname(path));
    // Gets its final name only when it is complete and on disk.
    await rename(draft, path);
    await flushFile(dirname(path));
    return { file: path, bytes: (await stat(path)).size, replacedFiles };
  } finally {
    await removeDraft(draft);
  }
}

/** Whether a damaged database is in use cannot be determined, and a restore must be able to replace it. */
function isReadableAndInUse(path: string): boolean {
  try {
    return isSqliteInUse(path);
  } catch (error) {
    if (isDamaged(error)) return false;
    throw error;
  }
}

/**
 * Renames a database and its logs to unused names. Also renames the logs where the database itself is missing: SQLite would
 * apply a leftover WAL or journal to the restored file.
 * @returns the new names
 */
async function setAside(path: string): Promise<string[]> {
  const time = new Date().toISOString().replace(/[-:.]/g, '');
  const names: string[] = [];
  for (const suffix of ['', ...logSuffixes]) {
    if (!(await exists(path + suffix))) continue;
    const name = `${path}.replaced-${time}${suffix}`;
    await rename(path + suffix, name);
    names.push(name);
  }
  return names;
}

/**
 * Creates an empty file with mode 0600, whatever the umask. SQLite writes into it and gives its journals the same mode; a
 * file created by the driver would be world-readable, and copyFile() copies the mode of its source.
 * The name is random: concurrent copies to one target use different drafts, and no other user can create the file first.
 */
async function createDraft(target: string): Promise<string> {
  const draft = `${target}.part-${randomBytes(6).toString('hex')}`;
  await (await open(draft, 'wx', 0o600)).close();
  return draft;
}

async function removeDraft(draft: string): Promise<void> {
  for (const suffix of ['', ...logSuffixes]) await unlink(draft + suffix).catch(() => undefined);
}

async function refuseExisting(file: string): Promise<void> {
  if (await exists(file)) throw alreadyExists(file);
}

function alreadyExists(file: string): BackupRefused {
  return new BackupRefused(`${file} exists already`);
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
