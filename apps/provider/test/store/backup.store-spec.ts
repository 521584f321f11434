import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateDown, migrateUp, openSource } from '@gatehouse/platform/database/open-store';
import { backupSqlite, BackupRefused, restoreSqlite } from '@gatehouse/platform/database/sqlite-backup';
import { entities, migrations } from '../../src/schema';
import { authorize, redeem, startProvider, type TestProvider } from '../support/provider';

/**
 * Runs the work with the usual umask and watches a folder.
 * @returns the modes of all files that were in it at any moment, by name
 */
async function modesDuring(folder: string, work: () => Promise<unknown>): Promise<Map<string, Set<string>>> {
  const modes = new Map<string, Set<string>>();
  const note = (name: string): void => {
    const file = statSync(join(folder, name), { throwIfNoEntry: false });
    if (file === undefined) return;
    modes.set(name, (modes.get(name) ?? new Set()).add((file.mode & 0o777).toString(8)));
  };
  const watcher = watch(folder, (_event, name) => note(name ?? ''));
  const umask = process.umask(0o022);
  try {
    await work();
  } finally {
    process.umask(umask);
    watcher.close();
  }
  for (const name of readdirSync(folder)) note(name);
  return modes;
}

function expectPrivate(modes: Map<string, Set<string>>, name: string): void {
  expect([...(modes.get(name) ?? [])]).toEqual(['600']);
}

/** The draft of a copy, whose name ends in random characters. */
function expectPrivateDraft(modes: Map<string, Set<string>>, name: string): void {
  const drafts = [...modes.keys()].filter((each) => each.startsWith(`${name}.part-`) && !each.endsWith('-journal'));
  expect(drafts).toHaveLength(1);
  expectPrivate(modes, drafts[0] ?? '');
}

describe('backup and restore', () => {
  let folder: string;
  let provider: TestProvider;
  let file: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-backup-'));
    file = join(folder, 'provider.sqlite');
    provider = await startProvider({ databaseUrl: `sqlite:${file}` });
    const user = await provider.addUser({ username: 'ada', email: 'ada@example.test' });
    const registered = await provider.addClient();
    const browser = await provider.logIn(user);
    const { code, verifier } = await authorize(provider, browser, registered.client, {
      scope: 'openid offline_access',
    });
    expect((await redeem(provider, registered, code, verifier)).status).toBe(200);
  });

  afterAll(async () => {
    await provider.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('copies the database while the provider writes, and the copy is sound', async () => {
    const writing = Promise.all(
      Array.from({ length: 20 }, (_each, index) => provider.addUser({ username: `w-${index}` })),
    );
    const target = join(folder, 'online.sqlite');
    const report = await backupSqlite(file, target);
    await writing;
    expect(report.bytes).toBeGreaterThan(0);
    const restored = join(folder, 'restored.sqlite');
    await restoreSqlite(target, restored, { replace: false });
    const source = await openSource({ url: `sqlite:${restored}`, entities, migrations });
    const users = await source.query<unknown[]>(`SELECT username FROM users WHERE username = 'ada'`);
    await source.destroy();
    expect(users).toHaveLength(1);
  });

  it('is readable by its owner alone from the first byte on, and so is what is restored from it', async () => {
    const target = join(folder, 'private.sqlite');
    const copying = await modesDuring(folder, () => backupSqlite(file, target));
    expectPrivateDraft(copying, 'private.sqlite');
    expectPrivate(copying, 'private.sqlite');
    // As backups of earlier versions are, or one that came by another way.
    chmodSync(target, 0o644);
    const restoring = await modesDuring(folder, () =>
      restoreSqlite(target, join(folder, 'private-again.sqlite'), { replace: false }),
    );
    expectPrivateDraft(restoring, 'private-again.sqlite');
    expectPrivate(restoring, 'private-again.sqlite');
  });

  it('writes to no file that was there before', async () => {
    const target = join(folder, 'planted.sqlite');
    writeFileSync(`${target}.part`, 'mine', { mode: 0o666 });
    await backupSqlite(file, target);
    expect(statSync(target).mode & 0o777).toBe(0o600);
    expect(readFileSync(`${target}.part`, 'utf8')).toBe('mine');
  });

  it('makes one of several backups that are taken to one name at once, rejects the others and leaves no draft', async () => {
    const target = join(folder, 'contested.sqlite');
    const results = await Promise.allSettled(Array.from({ length: 4 }, () => backupSqlite(file, target)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results)
      if (result.status === 'rejected') {
        expect(result.reason).toBeInstanceOf(BackupRefused);
        expect((result.reason as Error).message).toMatch(/exists already/);
      }
    await restoreSqlite(target, join(folder, 'contested-again.sqlite'), { replace: false });
    expect(readdirSync(folder).filter((name) => name.startsWith('contested.'))).toEqual(['contested.sqlite']);
  });

  it('replaces neither a backup nor a database unasked, and takes no damaged file', async () => {
    const target = join(folder, 'once.sqlite');
    await backupSqlite(file, target);
    await expect(backupSqlite(file, target)).rejects.toThrow(BackupRefused);
    await expect(restoreSqlite(target, file, { replace: false })).rejects.toThrow(/exists/);
    const damaged = join(folder, 'damaged.sqlite');
    writeFileSync(damaged, 'this is no database, but long enough to be looked at as one');
    await expect(restoreSqlite(damaged, join(folder, 'never.sqlite'), { replace: false })).rejects.toThrow(
      BackupRefused,
    );
    expect(existsSync(join(folder, 'never.sqlite'))).toBe(false);
  });

  it('does not restore over a database that is in use', async () => {
    const target = join(folder, 'in-use.sqlite');
    await backupSqlite(file, target);
    await expect(restoreSqlite(target, file, { replace: true })).rejects.toThrow(/in use/);
    expect(
      (await provider.store.one({
        name: 'test.count',
        sqlite: 'SELECT 1 AS one',
        sqliteOrder: [],
        postgres: 'SELECT 1 AS one',
      })) as object,
    ).toEqual({ one: 1 });
  });
});

describe('a migration', () => {
  it('leaves a copy of the SQLite database from before it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-copy-'));
    const file = join(folder, 'provider.sqlite');
    const source = await openSource({ url: `sqlite:${file}`, entities, migrations });
    try {
      await migrateUp(source);
      expect(readdirSync(folder).filter((name) => name.includes('.before-'))).toEqual([]);
      const modes = await modesDuring(folder, () => migrateDown(source));
      const copies = readdirSync(folder).filter((name) => name.includes('.before-'));
      expect(copies).toHaveLength(1);
      for (const name of modes.keys()) expectPrivate(modes, name);
      await restoreSqlite(join(folder, copies[0] ?? ''), join(folder, 'again.sqlite'), { replace: false });
    } finally {
      await source.destroy();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
