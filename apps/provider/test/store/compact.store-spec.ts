import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { migrateUp, openSource } from '@gatehouse/platform/database/open-store';
import { CompactRefused, compactSqlite, type CompactProgress } from '@gatehouse/platform/database/sqlite-compact';
import { openSqliteFile, type SqliteDatabase } from '@gatehouse/platform/database/sqlite-driver';
import { surplusPages } from '@gatehouse/platform/database/sqlite-free-pages';
import { databaseActions } from '../../src/cli/actions/database';
import { loadSettings } from '../../src/config/settings';
import { entities, migrations } from '../../src/schema';
import { PurgeService } from '../../src/jobs/purge.service';
import { buildProvider, runCommand } from '../support/processes';
import { startProvider } from '../support/provider';

jest.setTimeout(180_000);

const worker = join(__dirname, '../../../../libs/platform/dist/database/sqlite-vacuum-worker.js');
const command = join(__dirname, '../../dist/cli/main.js');
const expired = (rows: number): string => `
  WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
  INSERT INTO refresh_tokens (selector, verifier_hash, grant_selector, client_id, scope, issued_at, expires_at)
  SELECT i, randomblob(32), i, 'c', hex(randomblob(500)), 1, 2 FROM n`;

function inspect<T>(file: string, look: (database: SqliteDatabase) => T): T {
  const database = openSqliteFile(file, { readonly: true });
  try {
    return look(database);
  } finally {
    database.close();
  }
}

const numberOf = (file: string, pragma: string): number =>
  inspect(file, (database) => Number(database.pragma(pragma, { simple: true })));
const pagesOf = (file: string): { total: number; free: number } => ({
  total: numberOf(file, 'page_count'),
  free: numberOf(file, 'freelist_count'),
});
const rowsOf = (file: string): unknown =>
  inspect(file, (database) => database.prepare('SELECT COUNT(*) FROM refresh_tokens').pluck().get());

/** Bytes 28 to 31 of the header. @see https://sqlite.org/fileformat.html 1.3.8 */
function writePageCount(file: string, pages: number): void {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(pages);
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, bytes, 0, 4, 28);
  closeSync(descriptor);
}

describe('the size of a SQLite database', () => {
  let folder: string;
  let file: string;
  let env: Record<string, string>;
  beforeAll(() => buildProvider());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-compact-'));
    file = join(folder, 'provider.sqlite');
    env = { GATEHOUSE_DATABASE_URL: `sqlite:${file}`, GATEHOUSE_SECRET_KEY: randomBytes(32).toString('base64url') };
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** As an earlier version made it, with so many rows, of which one in ten is left. */
  async function makeOld(rows: number): Promise<void> {
    const source = await openSource({ url: `sqlite:${file}`, entities, migrations });
    await migrateUp(source);
    await source.destroy();
    const database = openSqliteFile(file, { readonly: false });
    database.pragma('auto_vacuum = NONE');
    database.exec('VACUUM');
    database.exec(expired(rows));
    database.exec('DELETE FROM refresh_tokens WHERE selector % 1000 >= 100');
    database.close();
    expect(numberOf(file, 'auto_vacuum')).toBe(0);
  }

  it('shrinks with the periodic clean-up, step by step, and keeps space for what is written next', async () => {
    const provider = await startProvider({ databaseUrl: `sqlite:${file}` });
    try {
      const database = openSqliteFile(file, { readonly: false });
      database.exec(expired(60_000));
      const before = pagesOf(file);
      database.exec('DELETE FROM refresh_tokens');
      database.close();
      const left = await provider.store.releasePages(100);
      expect(pagesOf(file).total).toBe(before.total - 100);
      expect(left).toBe(surplusPages(pagesOf(file)));
      const bound = Date.now() + 120_000;
      while (surplusPages(pagesOf(file)) > 0 && Date.now() < bound) await provider.app.get(PurgeService).purge();
      const after = pagesOf(file);
      expect(surplusPages(after)).toBe(0);
      expect(after.free).toBeGreaterThan(1000);
      expect(after.total).toBeLessThan(before.total / 3);
      expect(await provider.store.releasePages(100)).toBe(0);
    } finally {
      await provider.close();
    }
  });

  it('shrinks by `database compact`, which also lets a database of an earlier version shrink by itself', async () => {
    const first = await startProvider({ databaseUrl: `sqlite:${file}`, env });
    await first.addUser({ username: 'ada', name: 'Ada Lovelace' });
    await first.close();
    const database = openSqliteFile(file, { readonly: false });
    database.pragma('auto_vacuum = NONE');
    database.exec(`VACUUM; ${expired(30_000)}; DELETE FROM refresh_tokens WHERE selector > 100`);
    database.close();
    const before = statSync(file).size;

    const done = await runCommand(['database', 'compact', '--json'], env);
    expect(done.json()).toEqual({ file, bytes_before: before, bytes_after: statSync(file).size });
    expect(statSync(file).size).toBeLessThan(before / 5);
    expect(pagesOf(file).free).toBe(0);
    expect(numberOf(file, 'auto_vacuum')).toBe(2);
    expect(inspect(file, (copy) => copy.pragma('integrity_check'))).toEqual([{ integrity_check: 'ok' }]);
    expect(rowsOf(file)).toBe(100);
    expect(statSync(file).mode & 0o777).toBe(0o600);

    // The search's own tables refer to rows by their number.
    const found = await runCommand(['user', 'list', '--search', 'ovelac', '--json'], env);
    expect(found.json<{ users: { username: string }[] }>().users.map(({ username }) => username)).toEqual(['ada']);
  });

  it.each([
    ['in a thread of its own', worker],
    ['where the program of that thread is missing', join(__dirname, 'no-such-program.js')],
  ])('reports progress, and ends with nothing beside the database (%s)', async (_name, program) => {
    await makeOld(program === worker ? 180_000 : 1000);
    if (program === worker) expect(existsSync(worker)).toBe(true);
    const rows = rowsOf(file);
    const progress: CompactProgress[] = [];
    const report = await compactSqlite(file, {
      program,
      onProgress: (each) => progress.push(each),
      millisecondsBetweenReports: 10,
    });
    expect(report.bytesAfter).toBeLessThan(report.bytesBefore);
    expect(progress.at(-1)?.writtenBytes).toBe(progress.at(-1)?.totalBytes);
    if (program === worker) {
      const between = progress.filter(({ writtenBytes, totalBytes }) => writtenBytes > 0 && writtenBytes < totalBytes);
      expect(between.length).toBeGreaterThan(0);
    }
    expect(rowsOf(file)).toBe(rows);
    expect(readdirSync(folder).filter((name) => name !== 'provider.sqlite' && !/-(wal|shm)$/.test(name))).toEqual([]);
  });

  it.each([0, 10_000_000])('is as it was after a process that compacts it was killed (%d bytes on)', async (bytes) => {
    await makeOld(180_000);
    const rows = rowsOf(file);
    // Without the settings of the test run, which the program does not know.
    const child = spawn(process.execPath, [command, 'database', 'compact'], { env, stdio: 'ignore' });
    const ended = once(child, 'exit');
    const walBytes = (): number => statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    while (walBytes() <= bytes && child.exitCode === null) await pause(1);
    child.kill('SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(rowsOf(file)).toBe(rows);
    expect(inspect(file, (database) => database.pragma('integrity_check'))).toEqual([{ integrity_check: 'ok' }]);
    expect((await runCommand(['database', 'compact'], env)).code).toBe(0);
    expect([rowsOf(file), pagesOf(file).free]).toEqual([rows, 0]);
  });

  it('is not compacted while the provider runs, and says what happens instead', async () => {
    const provider = await startProvider({ databaseUrl: `sqlite:${file}`, env });
    try {
      const done = await runCommand(['database', 'compact', '--json'], env);
      expect(done.code).toBe(1);
      expect(done.stderr).toMatch(/is in use.*stop what uses it first.*little by little/);
    } finally {
      await provider.close();
    }
  });

  it('is not compacted where it does not fit the disk: the message says how many bytes are needed', async () => {
    await makeOld(1000);
    // A file that says that it has so many pages, none of them free, and takes no space.
    const pages = 2 ** 30;
    const database = openSqliteFile(file, { readonly: false });
    database.exec('VACUUM');
    database.pragma('journal_mode = DELETE');
    database.close();
    truncateSync(file, pages * 4096);
    writePageCount(file, pages);
    const needed = /it needs (\d+) bytes in .*, and (\d+) are free there/;
    const error = await compactSqlite(file, { program: worker }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CompactRefused);
    const [, bytes, free] = needed.exec(String(error)) ?? [];
    expect(Number(bytes)).toBeGreaterThan(2 * pages * 4096);
    expect(Number(free)).toBeLessThan(Number(bytes));
    expect(statSync(file).size).toBe(pages * 4096);
  });

  it('there has to be one', async () => {
    const done = await runCommand(['database', 'compact'], env);
    expect([done.code, done.stderr]).toEqual([1, `${file} does not exist\n`]);
    expect(existsSync(file)).toBe(false);
  });

  it('is left to PostgreSQL there', async () => {
    const settings = loadSettings({ ...env, GATEHOUSE_DATABASE_URL: 'postgres://gatehouse@127.0.0.1:1/gatehouse' });
    await expect(databaseActions.compact(settings, {})).rejects.toThrow(/autovacuum.*VACUUM FULL.*pg_repack/);
  });
});
