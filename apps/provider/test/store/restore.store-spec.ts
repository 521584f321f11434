import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateUp, openSource } from '@gatehouse/server/database/open-store';
import { restoreSqlite } from '@gatehouse/server/database/sqlite-backup';
import { openSqliteFile, type SqliteDatabase } from '@gatehouse/server/database/sqlite-driver';
import { entities, migrations } from '../../src/database/entities';

const setValue = `INSERT INTO counters (name, value) VALUES ('test', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`;

function write(database: SqliteDatabase, value: number): void {
  database.prepare(setValue).run(value);
}

function valueIn(file: string): unknown {
  const database = openSqliteFile(file, { readonly: true });
  try {
    return database.prepare(`SELECT value FROM counters WHERE name = 'test'`).pluck().get();
  } finally {
    database.close();
  }
}

function writeAndClose(file: string, value: number): void {
  const database = openSqliteFile(file, { readonly: false });
  write(database, value);
  database.close();
}

/** Writes a value and copies the file and its WAL while they are open, as a process that is killed leaves them. */
function crashedCopy(file: string, target: string, value: number): void {
  const database = openSqliteFile(file, { readonly: false });
  try {
    database.pragma('journal_mode = WAL');
    database.pragma('wal_autocheckpoint = 0');
    write(database, value);
    for (const suffix of ['', '-wal']) copyFileSync(file + suffix, target + suffix);
  } finally {
    database.close();
  }
  expect(statSync(`${target}-wal`).size).toBeGreaterThan(0);
}

describe('restore', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-restore-'));
    file = join(folder, 'provider.sqlite');
    const source = await openSource({ url: `sqlite:${file}`, entities, migrations });
    await migrateUp(source);
    await source.destroy();
    writeAndClose(file, 1);
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('does not let the WAL of a missing database change what is restored', async () => {
    const backup = join(folder, 'backup.sqlite');
    const path = join(folder, 'crashed.sqlite');
    crashedCopy(file, path, 2);
    // The backup has the pages that the WAL starts from, with another value.
    copyFileSync(path, backup);
    writeAndClose(backup, 3);
    rmSync(path);
    await restoreSqlite(backup, path, { replace: false });
    expect(valueIn(path)).toBe(3);
  });

  it('does not let the rollback journal of a missing database change what is restored', async () => {
    const backup = join(folder, 'backup.sqlite');
    const path = join(folder, 'crashed.sqlite');
    const database = openSqliteFile(file, { readonly: false });
    database.pragma('journal_mode = DELETE');
    // A cache of one page makes SQLite flush the journal in the middle of the transaction.
    database.pragma('cache_size = 1');
    database.exec('BEGIN');
    write(database, 2);
    database.exec(
      'CREATE TABLE filler (x); INSERT INTO filler SELECT randomblob(3000) FROM sqlite_master a, sqlite_master b',
    );
    copyFileSync(`${file}-journal`, `${path}-journal`);
    database.exec('ROLLBACK');
    database.close();
    copyFileSync(file, backup);
    writeAndClose(backup, 3);
    await restoreSqlite(backup, path, { replace: false });
    expect(valueIn(path)).toBe(3);
  });

  it('restores what is committed in the WAL of the backup, into a file that its owner alone can read', async () => {
    const backup = join(folder, 'backup.sqlite');
    const path = join(folder, 'restored.sqlite');
    crashedCopy(file, backup, 2);
    await restoreSqlite(backup, path, { replace: false });
    expect(valueIn(path)).toBe(2);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});
