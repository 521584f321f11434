import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { migrateUp, openSource } from '@gatehouse/platform/database/open-store';
import { backupSqlite, restoreSqlite, type BackupProgress } from '@gatehouse/platform/database/sqlite-backup';
import { openSqliteFile } from '@gatehouse/platform/database/sqlite-driver';
import { entities, migrations } from '../../src/schema';

jest.setTimeout(180_000);

/** A prime, so that the writer's stride reaches each token once. */
const tokens = 180_001;
const worker = join(__dirname, '../../../../libs/platform/dist/database/sqlite-copy-worker.js');

describe('a backup of a 200 MB database that another process commits to 50 times a second', () => {
  let folder: string;
  let file: string;
  let writer: ChildProcess;
  let spent = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-busy-backup-'));
    file = join(folder, 'provider.sqlite');
    const source = await openSource({ url: `sqlite:${file}`, entities, migrations });
    await migrateUp(source);
    await source.query(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${tokens})
       INSERT INTO refresh_tokens (selector, verifier_hash, grant_selector, client_id, scope, issued_at, expires_at)
       SELECT i, randomblob(32), i, 'c', hex(randomblob(500)), 1, 9999999999 FROM n`,
    );
    await source.destroy();
    expect(statSync(file).size).toBeGreaterThan(200_000_000);
    writer = spawn(process.execPath, [join(__dirname, '../support/busy-writer.cjs'), file, String(tokens)], {
      cwd: join(__dirname, '../../../..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (writer.stdout === null) throw new Error('the writer has no output');
    const lines = createInterface(writer.stdout).on('line', (line) => (spent = Number(line)));
    await once(lines, 'line');
  });

  afterAll(async () => {
    const ended = once(writer, 'exit');
    writer.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['in a thread of its own', worker],
    ['where the program of that thread is missing', join(__dirname, 'no-such-program.js')],
  ])(
    'ends in bounded time as one consistent moment, in which what was spent stays spent (%s)',
    async (name, program) => {
      // Without its build the first case would be the second one again.
      if (program === worker) expect(existsSync(worker)).toBe(true);
      const target = join(folder, `${name.length}.backup`);
      const umask = process.umask(0o022);
      const progress: BackupProgress[] = [];
      const modes = new Set<number>();
      const before = spent;
      const began = Date.now();
      let turns = 0;
      const look = setInterval(() => {
        turns += 1;
        for (const each of readdirSync(folder).filter((file) => file.startsWith(`${name.length}.backup`))) {
          const found = statSync(join(folder, each), { throwIfNoEntry: false });
          if (found) modes.add(found.mode & 0o777);
        }
      }, 1);
      const work = backupSqlite(file, target, { program, onProgress: (each) => progress.push(each) });
      const report = await within(60_000, work).finally(() => {
        clearInterval(look);
        process.umask(umask);
      });

      // The writer went on: otherwise nothing was tried.
      expect(spent).toBeGreaterThan(before);
      expect(progress.length).toBeGreaterThan(0);
      expect(progress.at(-1)?.copiedBytes).toBe(report.bytes);
      expect([...modes]).toEqual([0o600]);
      expect(Math.abs(report.takenAt - began / 1000)).toBeLessThan(5);
      // The thread leaves the event loop to others.
      if (program === worker) expect(turns).toBeGreaterThan(10);

      const restored = join(folder, `${name.length}.sqlite`);
      await restoreSqlite(target, restored, { replace: false });
      const copy = openSqliteFile(restored, { readonly: true });
      const moment = copy.prepare(`SELECT value FROM counters WHERE name = 'spent'`).pluck().get() as number;
      const consumed = copy.prepare('SELECT COUNT(*) FROM refresh_tokens WHERE consumed_at IS NOT NULL').pluck().get();
      const right = copy
        .prepare(
          'SELECT COUNT(*) FROM refresh_tokens WHERE selector = (consumed_at * 7919) % ? + 1 AND consumed_at <= ?',
        )
        .pluck()
        .get(tokens, moment);
      copy.close();
      expect(moment).toBeGreaterThanOrEqual(before);
      expect(moment).toBeLessThanOrEqual(spent);
      expect([consumed, right]).toEqual([moment, moment]);
      expect(readdirSync(folder).filter((each) => each.includes('.part'))).toEqual([]);
    },
  );
});

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      work,
      new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`not done after ${milliseconds} ms`)), milliseconds);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
