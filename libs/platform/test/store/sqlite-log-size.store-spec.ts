import Driver from 'better-sqlite3';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { maxWalBytes } from '../../src/database/sqlite-driver.js';
import type { SqliteStore } from '../../src/database/sqlite-store.js';
import { openThings, sqliteEngine, things } from './fixtures.js';

const program = join(__dirname, '../../dist/database/sqlite-checkpoint-worker.js');
/** How long RESTART and TRUNCATE wait for readers, which blocks all writers. */
const checkpointWaitsMilliseconds = 900;

describe('the WAL of a SQLite database with a long read', () => {
  const engine = sqliteEngine();
  let store: SqliteStore;
  let path: string;
  let reader: Driver.Database;

  beforeAll(() => engine.start());
  afterAll(() => engine.stop());
  afterEach(() => store.close());

  async function open(checkpointProgram: string): Promise<void> {
    const url = await engine.freshUrl();
    path = url.slice('sqlite:'.length);
    store = (await openThings(url, { lane: { checkpointProgram } })) as SqliteStore;
    reader = new Driver(path, { readonly: true });
    reader.exec('BEGIN');
    reader.prepare('SELECT COUNT(*) FROM things').get();
  }

  const walBytes = (): number => statSync(`${path}-wal`).size;
  const write = (selector: number, bytes: number): Promise<number> =>
    store.run((unit) => unit.change(things.insert, selector, `t${selector}${'x'.repeat(bytes)}`));

  /** Writes twice the maximum size of the WAL. */
  async function writeMuch(): Promise<void> {
    // The row and its index entry.
    for (let selector = 1; walBytes() < 2 * maxWalBytes; selector += 1) await write(selector, 300_000);
  }

  /** @returns the number of a hundred commits that waited for a checkpoint */
  async function countHeldUp(): Promise<number> {
    let heldUp = 0;
    for (let selector = 50_000; selector < 50_100; selector += 1) {
      const began = performance.now();
      await write(selector, 10);
      if (performance.now() - began > checkpointWaitsMilliseconds) heldUp += 1;
      // A checkpoint gets its lock between two commits.
      await pause(5);
    }
    return heldUp;
  }

  async function untilShort(): Promise<number> {
    for (const until = Date.now() + 30_000; walBytes() > maxWalBytes && Date.now() < until;) await pause(100);
    return walBytes();
  }

  it('does not block writers, and is truncated when the reader ends, even without further writes', async () => {
    await open(program);
    await writeMuch();
    expect(await countHeldUp()).toBeLessThan(3);
    reader.exec('COMMIT');
    expect(await untilShort()).toBeLessThanOrEqual(maxWalBytes);
    reader.close();
    expect(store.one<{ n: number }>(things.count)?.n).toBeGreaterThan(100);
  }, 120_000);

  it('is truncated by writers if there is no thread for checkpoints', async () => {
    await open(join(__dirname, 'there-is-no-such-program.js'));
    await writeMuch();
    reader.close();
    for (let selector = 100_001; selector < 100_020; selector += 1) await write(selector, 10);
    expect(walBytes()).toBeLessThanOrEqual(maxWalBytes);
  }, 120_000);
});
