import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateUp, openSource } from '@gatehouse/platform/database/open-store';
import { restoreSqlite } from '@gatehouse/platform/database/sqlite-backup';
import { openSqliteFile, type SqliteDatabase } from '@gatehouse/platform/database/sqlite-driver';
import { backupActions } from '../../src/cli/actions/database';
import { loadSettings } from '../../src/config/settings';
import { entities, migrations } from '../../src/schema';

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

  it('keeps each database that it replaces, and reports under which name', async () => {
    const backup = join(folder, 'backup.sqlite');
    copyFileSync(file, backup);
    writeAndClose(backup, 3);
    writeAndClose(file, 2);
    const first = await restoreSqlite(backup, file, { replace: true });
    writeAndClose(file, 4);
    const second = await restoreSqlite(backup, file, { replace: true });
    expect(valueIn(file)).toBe(3);
    const kept = [...first.replacedFiles, ...second.replacedFiles];
    for (const name of kept) expect(name).toMatch(/\.sqlite\.replaced-\d{8}T\d{9}Z$/);
    expect(kept.map(valueIn)).toEqual([2, 4]);
  });

  it('by command: names the files that it kept', async () => {
    const backup = join(folder, 'backup.sqlite');
    copyFileSync(file, backup);
    const settings = loadSettings({
      GATEHOUSE_DATABASE_URL: `sqlite:${file}`,
      GATEHOUSE_SECRET_KEY: randomBytes(32).toString('base64url'),
    });
    const answer = await backupActions.restore(settings, { from: backup, replace: true });
    const kept = readdirSync(folder).filter((name) => name.includes('.replaced-'));
    expect(kept).toHaveLength(1);
    expect(answer.json).toMatchObject({ replaced_files: [join(folder, kept[0] ?? '')] });
    expect(answer.text).toContain(join(folder, kept[0] ?? ''));
  });

  it('replaces a damaged database, and keeps it', async () => {
    const backup = join(folder, 'backup.sqlite');
    copyFileSync(file, backup);
    const damaged = 'the first pages of this file were overwritten by something that is not SQLite';
    writeFileSync(file, damaged);
    const { replacedFiles } = await restoreSqlite(backup, file, { replace: true });
    expect(valueIn(file)).toBe(1);
    expect(replacedFiles.map((name) => readFileSync(name, 'utf8'))).toEqual([damaged]);
  });
});
