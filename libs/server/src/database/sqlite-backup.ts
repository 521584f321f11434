import { link, open, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openSqliteFile } from './sqlite-driver.js';

/** A backup or a restore that cannot be made; the message says why. */
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

/**
 * Copies a SQLite database while others use it: a consistent state of one moment, checked, under its name only when it
 * is whole, and readable by its owner alone.
 * @throws BackupRefused when there is a file of that name already, or the copy is not sound
 */
export async function backupSqlite(path: string, target: string): Promise<BackupReport> {
  await refuseExisting(target);
  const draft = `${target}.part`;
  try {
    await createPrivateFile(draft);
    const source = openSqliteFile(path, { readonly: true });
    try {
      await source.backup(draft);
    } finally {
      source.close();
    }
    standAlone(draft);
    checkSound(draft);
    // A link fails where the name was taken meanwhile; a rename would replace what is there.
    await link(draft, target);
  } finally {
    await unlink(draft).catch(() => undefined);
  }
  return { file: target, bytes: (await stat(target)).size };
}

/**
 * Puts a backup in the place of a database that nobody uses.
 * @param options.replace the database that is there goes; its files are kept beside it under `.replaced`
 * @throws BackupRefused when the backup is not sound, or there is a database and it is not to be replaced
 */
export async function restoreSqlite(
  backup: string,
  path: string,
  options: { readonly replace: boolean },
): Promise<BackupReport> {
  checkSound(backup);
  const isThere = await exists(path);
  if (isThere && !options.replace) throw new BackupRefused(`${path} exists: --replace puts the backup in its place`);
  if (isThere) {
    refuseInUse(path);
    for (const suffix of ['', '-wal', '-shm'])
      if (await exists(path + suffix)) await rename(path + suffix, `${path}.replaced${suffix}`);
  }
  // Under its name only when it is whole and on disk: a power cut leaves the old database or the new one.
  const draft = `${path}.part`;
  await createPrivateFile(draft);
  const [from, to] = [await open(backup, 'r'), await open(draft, 'r+')];
  await pipeline(from.createReadStream(), to.createWriteStream());
  await flush(draft);
  await rename(draft, path);
  await flush(dirname(path));
  return { file: path, bytes: (await stat(path)).size };
}

/**
 * An empty file with mode 0600, whatever the umask. SQLite writes into it, and gives its journals the same mode. The
 * driver's own file would be world-readable, and copyFile() sets the mode of its source.
 */
async function createPrivateFile(path: string): Promise<void> {
  await rm(path, { force: true });
  // Exclusive: a file or link that another user of the folder puts there meanwhile is not written to.
  await (await open(path, 'wx', 0o600)).close();
}

/** One file without a log beside it: the copy says WAL in its header, as its source does, and would make one when read. */
function standAlone(file: string): void {
  const database = openSqliteFile(file, { readonly: false });
  try {
    database.pragma('journal_mode = DELETE');
  } finally {
    database.close();
  }
}

/** @throws BackupRefused when it is no database of ours, or damaged */
function checkSound(file: string): void {
  let problem: string | undefined;
  try {
    const database = openSqliteFile(file, { readonly: true });
    try {
      const [row] = database.pragma('integrity_check(1)') as { integrity_check: string }[];
      if (row?.integrity_check !== 'ok') problem = row?.integrity_check ?? 'it cannot be checked';
      const tables = database
        .prepare(`SELECT COUNT(*) AS count FROM sqlite_master WHERE name = 'migrations'`)
        .get() as { count: number };
      if (tables.count === 0) problem = 'it is not a database of Gatehouse';
    } finally {
      database.close();
    }
  } catch (cause) {
    throw new BackupRefused(`${file} cannot be read as a database`, { cause });
  }
  if (problem !== undefined) throw new BackupRefused(`${file} is not sound: ${problem}`);
}

/** A process that has the file open in WAL mode holds a shared lock: leaving WAL mode then fails. */
function refuseInUse(path: string): void {
  const database = openSqliteFile(path, { readonly: false });
  try {
    database.pragma('journal_mode = DELETE');
    database.pragma('journal_mode = WAL');
  } catch (cause) {
    throw new BackupRefused(`${path} is in use: stop the provider first`, { cause });
  } finally {
    database.close();
  }
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function refuseExisting(file: string): Promise<void> {
  if (await exists(file)) throw new BackupRefused(`${file} exists already`);
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
