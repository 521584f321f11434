import { open, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { openSqliteFile, retryWhileBusy, type SqliteDatabase } from './sqlite-driver.js';

/** Progress of the copy of a SQLite file. */
export interface BackupProgress {
  readonly copiedBytes: number;
  readonly totalBytes: number;
}

export interface SqliteCopyRequest {
  readonly path: string;
  /** An empty file that the caller created, readable by its owner alone. */
  readonly draft: string;
}

export interface SqliteCopyResult {
  /** Time of the snapshot in milliseconds since the epoch: the copy does not contain later commits. */
  readonly takenAtMilliseconds: number;
  /** What is wrong with the copy; undefined when it is intact. */
  readonly problem: string | undefined;
}

/** 4 MB with SQLite's default page size: a few milliseconds of work. */
const pagesInStep = 1000;
const millisecondsBetweenReports = 500;

/**
 * Copies a SQLite file from one snapshot while others write to it, and checks the copy. A read transaction on the source
 * handle pins the snapshot: without it SQLite restarts the copy at each commit of another process, forever on a busy
 * database.
 */
export async function copySqliteFile(
  { path, draft }: SqliteCopyRequest,
  report: (progress: BackupProgress) => void,
): Promise<SqliteCopyResult> {
  const source = openSqliteFile(path, { readonly: true });
  let takenAtMilliseconds: number;
  try {
    takenAtMilliseconds = await retryWhileBusy(() => pinSnapshot(source));
    await copyPages(source, draft, report);
  } finally {
    source.close();
  }
  leaveWalMode(draft);
  const problem = findProblem(draft);
  await flushFile(draft);
  return { takenAtMilliseconds, problem };
}

/** BEGIN takes no snapshot; the first read does. */
function pinSnapshot(source: SqliteDatabase): number {
  if (!source.inTransaction) source.exec('BEGIN');
  source.prepare('SELECT COUNT(*) FROM sqlite_master').get();
  return Date.now();
}

async function copyPages(
  source: SqliteDatabase,
  draft: string,
  report: (progress: BackupProgress) => void,
): Promise<void> {
  const pageBytes = Number(source.pragma('page_size', { simple: true }));
  await checkSpace(draft, Number(source.pragma('page_count', { simple: true })) * pageBytes);
  let reportAt = Date.now() + millisecondsBetweenReports;
  const { totalPages } = await source.backup(draft, {
    progress({ totalPages: total, remainingPages }) {
      if (Date.now() >= reportAt) {
        reportAt = Date.now() + millisecondsBetweenReports;
        report({ copiedBytes: (total - remainingPages) * pageBytes, totalBytes: total * pageBytes });
      }
      return pagesInStep;
    },
  });
  report({ copiedBytes: totalPages * pageBytes, totalBytes: totalPages * pageBytes });
}

/** A copy that fills the disk would also stop the provider that writes there. */
async function checkSpace(draft: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(draft));
  if (bavail * bsize < needed)
    throw new Error(`it needs ${needed} bytes in ${dirname(draft)}, and ${bavail * bsize} are free there`);
}

/** The copy has WAL mode in its header, as its source does, and would create a log file when it is read. */
function leaveWalMode(file: string): void {
  const database = openSqliteFile(file, { readonly: false });
  try {
    database.pragma('journal_mode = DELETE');
  } finally {
    database.close();
  }
}

/** @returns why the file is not an intact Gatehouse database, or undefined */
function findProblem(file: string): string | undefined {
  const database = openSqliteFile(file, { readonly: true });
  try {
    const [row] = database.pragma('integrity_check(1)') as { integrity_check: string }[];
    if (row?.integrity_check !== 'ok') return row?.integrity_check ?? 'it cannot be checked';
    const tables = database.prepare(`SELECT COUNT(*) AS count FROM sqlite_master WHERE name = 'migrations'`).get() as {
      count: number;
    };
    return tables.count === 0 ? 'it is not a database of Gatehouse' : undefined;
  } finally {
    database.close();
  }
}

/** Flushes a file, or the names in a folder, to disk. */
export async function flushFile(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
