import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { copyStore, CopyMismatch, TargetDiverged, type StoreCopyReport } from '@gatehouse/platform/database/copy-store';
import { migrateUp, openSource } from '@gatehouse/platform/database/open-store';
import type { DataSource } from 'typeorm';
import { administer } from '../../../../libs/platform/test/support/postgres';
import { storeCopyActions } from '../../src/cli/actions/database';
import { loadSettings } from '../../src/config/settings';
import { entities, migrations, tablesInOrder } from '../../src/schema';
import { engines } from '../support/engines';
import { authorize, redeem, startProvider } from '../support/provider';

jest.setTimeout(180_000);

// Each engine as the source, with the other one (where there is one) as the target.
const pairs = engines.map(([name, engineOf], index) => {
  const other = engines[(index + 1) % engines.length] ?? engines[0];
  if (other === undefined) throw new Error('no engine');
  return [name, other[0], engineOf, other[1]] as const;
});
/** A prime, so that the stride of the writer reaches each token once. */
const tokens = 20_011;

describe.each(pairs)('a copy from %s to %s', (sourceName, _targetName, sourceOf, targetOf) => {
  const sourceEngine = sourceOf();
  const targetEngine = targetOf();
  let fromUrl: string;
  let toUrl: string;
  const opened: DataSource[] = [];

  beforeAll(async () => {
    await sourceEngine.start();
    await targetEngine.start();
  });
  afterAll(async () => {
    await sourceEngine.stop();
    await targetEngine.stop();
  });
  beforeEach(async () => {
    fromUrl = await sourceEngine.freshUrl();
    toUrl = await targetEngine.freshUrl();
  });
  afterEach(async () => {
    for (const source of opened.splice(0)) await source.destroy();
  });

  async function open(url: string): Promise<DataSource> {
    const source = await openSource({ url, entities, migrations });
    opened.push(source);
    await migrateUp(source);
    return source;
  }
  /** Both sides, with some users and tokens in the first. */
  async function openBoth(): Promise<{ from: DataSource; to: DataSource }> {
    const [from, to] = [await open(fromUrl), await open(toUrl)];
    for (const id of ['a', 'b', 'c'])
      await from.query(
        `INSERT INTO users (id, username, username_key, email_verified, created_at, updated_at)
         VALUES ('${id}', '${id}', '${id}', FALSE, 1, 1)`,
      );
    await from.query(`INSERT INTO user_roles (user_id, role) VALUES ('a', 'admin'), ('b', 'user')`);
    await from.query(
      `INSERT INTO audit_events (selector, at, type, details) VALUES (10, 1, 'user.added', '{}'), (20, 1, 'user.added', '{}')`,
    );
    return { from, to };
  }
  const copy = (
    sides: { from: DataSource; to: DataSource },
    choice: {
      writers?: 'blocked' | 'allowed';
      ownRows?: 'refuse' | 'discard';
      report?: (progress: { table: string }) => void;
    } = {},
  ): Promise<StoreCopyReport> =>
    copyStore({
      ...sides,
      tables: tablesInOrder,
      journal: 'audit_events',
      writers: choice.writers ?? 'allowed',
      ownRows: choice.ownRows ?? 'refuse',
      report: choice.report ?? (() => undefined),
    });
  const usernames = async (source: DataSource): Promise<unknown[]> =>
    (await source.query<{ id: string; username: string }[]>('SELECT id, username FROM users ORDER BY id')).map(
      ({ id, username }) => `${id}=${username}`,
    );

  it('is a consistent snapshot while another process consumes tokens: none is half consumed, none reappears', async () => {
    const sides = await openBoth();
    await sides.from.query(
      sourceName === 'SQLite'
        ? `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${tokens})
           INSERT INTO refresh_tokens (selector, verifier_hash, grant_selector, client_id, scope, issued_at, expires_at)
           SELECT i, randomblob(32), i, 'c', 'openid', 1, 9999999999 FROM n`
        : `INSERT INTO refresh_tokens (selector, verifier_hash, grant_selector, client_id, scope, issued_at, expires_at)
           SELECT i, '\\x00', i, 'c', 'openid', 1, 9999999999 FROM generate_series(1, ${tokens}) AS i`,
    );
    const writer = await startWriter(sourceName, fromUrl);
    const before = writer.spent();
    const report = await copy(sides, {
      // Other processes get their turns while the tables are copied, the counters first and the tokens late.
      report: () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20),
    });
    await writer.stop();
    expect(writer.spent() - before).toBeGreaterThan(0);
    const count = async (text: string): Promise<number> =>
      Number((await sides.to.query<{ n: number | string }[]>(text))[0]?.n);
    const moment = await count(`SELECT value AS n FROM counters WHERE name = 'spent'`);
    expect(moment).toBeGreaterThanOrEqual(before);
    expect(await count('SELECT COUNT(*) AS n FROM refresh_tokens WHERE consumed_at IS NOT NULL')).toBe(moment);
    expect(await count('SELECT MAX(consumed_at) AS n FROM refresh_tokens')).toBe(moment);
    expect(Math.abs(report.takenAt - Date.now() / 1000)).toBeLessThan(60);
    // A second run copies what was consumed since.
    await copy(sides);
    expect(await count('SELECT COUNT(*) AS n FROM refresh_tokens WHERE consumed_at IS NOT NULL')).toBe(writer.spent());
  });

  it('run again, applies changes and deletions, whichever row holds a unique value now', async () => {
    const sides = await openBoth();
    const { from, to } = sides;
    const first = await copy(sides);
    expect(first.tables.map(({ table }) => table)).toEqual([...tablesInOrder]);
    await from.query(`UPDATE users SET username = 'b', username_key = 'b0' WHERE id = 'b'`);
    await from.query(`UPDATE users SET username = 'b', username_key = 'b', disabled_at = 7 WHERE id = 'a'`);
    await from.query(`DELETE FROM users WHERE id = 'c'`);
    await from.query(`INSERT INTO users (id, username, username_key, email_verified, created_at, updated_at)
      VALUES ('ä', 'd', 'd', TRUE, 1, 1), ('😀', 'e', 'e', TRUE, 1, 1), ('\uFF5E', 'f', 'f', TRUE, 1, 1)`);
    await from.query(`DELETE FROM audit_events WHERE selector = 10`);
    const second = await copy(sides);
    expect(await usernames(to)).toEqual(await usernames(from));
    expect(await to.query(`SELECT id FROM users WHERE disabled_at = 7`)).toEqual([{ id: 'a' }]);
    expect(await to.query(`SELECT role FROM user_roles WHERE user_id = 'a'`)).toEqual([{ role: 'admin' }]);
    expect(await copy(sides)).toMatchObject({ tables: second.tables });
  });

  it('leaves the target as it was when it fails, and can be run again', async () => {
    const sides = await openBoth();
    const broken = copy(sides, {
      report: ({ table }) => {
        if (table === 'user_roles') throw new Error('broken off');
      },
    });
    await expect(broken).rejects.toThrow('broken off');
    expect(await usernames(sides.to)).toEqual([]);
    await copy(sides);
    expect(await usernames(sides.to)).toEqual(['a=a', 'b=b', 'c=c']);
  });

  it('leaves the target as it was when both sides do not agree in the end', async () => {
    const sides = await openBoth();
    const change = `UPDATE users SET name = 'changed' WHERE id = NEW.id`;
    if (sides.to.options.type === 'postgres') {
      await sides.to.query(
        `CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN ${change.replaceAll("'", "''")}; RETURN NEW; END'`,
      );
      await sides.to.query('CREATE TRIGGER meddle AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION meddle()');
    } else await sides.to.query(`CREATE TRIGGER meddle AFTER INSERT ON users BEGIN ${change}; END`);
    await expect(copy(sides)).rejects.toThrow(CopyMismatch);
    expect(await usernames(sides.to)).toEqual([]);
  });

  it('blocks writers of the source until it ends, where it is to be final', async () => {
    const sides = await openBoth();
    const events: string[] = [];
    const other = await openSource({ url: fromUrl, entities, migrations });
    let write: Promise<unknown> | undefined;
    let writtenMeanwhile = false;
    await copy(sides, {
      writers: 'blocked',
      report: () => {
        writtenMeanwhile ||= events.includes('written');
        write ??= other.query(`UPDATE users SET name = 'late' WHERE id = 'a'`).then(
          () => events.push('written'),
          (error: unknown) => events.push(String(error)),
        );
      },
    });
    events.push('copied');
    await write;
    await other.destroy();
    // SQLite rejects the writer at once, PostgreSQL lets it wait.
    if (sourceName === 'SQLite') expect(events).toEqual([expect.stringMatching('locked'), 'copied']);
    else expect([writtenMeanwhile, events.includes('written')]).toEqual([false, true]);
    expect(await sides.to.query(`SELECT id FROM users WHERE name = 'late'`)).toEqual([]);
  });

  it('does not discard what was done in the target, unless it is told to', async () => {
    const sides = await openBoth();
    await copy(sides);
    await sides.to.query(`INSERT INTO audit_events (selector, at, type, details) VALUES (15, 1, 'login', '{}')`);
    await sides.from.query(`INSERT INTO audit_events (selector, at, type, details) VALUES (30, 1, 'login', '{}')`);
    await expect(copy(sides)).rejects.toThrow(TargetDiverged);
    expect(await sides.to.query('SELECT selector FROM audit_events WHERE selector = 15')).toHaveLength(1);
    await copy(sides, { ownRows: 'discard' });
    expect(await sides.to.query('SELECT selector FROM audit_events ORDER BY selector')).toEqual(
      [10, 20, 30].map((selector) => ({ selector })),
    );
  });

  it('by command: rejects while a provider runs, and with --from-snapshot says from what moment it is', async () => {
    const provider = await startProvider({ databaseUrl: fromUrl });
    const registered = await provider.addClient();
    const user = await provider.addUser();
    const { code, verifier } = await authorize(provider, await provider.logIn(user), registered.client, {
      scope: 'openid',
    });
    expect((await redeem(provider, registered, code, verifier)).status).toBe(200);
    const settings = loadSettings({ GATEHOUSE_DATABASE_URL: fromUrl, GATEHOUSE_SECRET_KEY: provider.secretKey });
    const copy = (options: { fromSnapshot?: true; replace?: true } = {}) =>
      storeCopyActions.copy(settings, { to: toUrl, ...options });
    try {
      await expect(copy()).rejects.toThrow(/source database is in use.*--from-snapshot/s);
      const answer = await copy({ fromSnapshot: true });
      expect(answer.text).toMatch(/both sides agree as of \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/);
      expect(answer.text).toMatch(/not in the copy/);
      expect(answer.json).toMatchObject({ final: false });
    } finally {
      await provider.close();
    }
    expect((await copy()).json).toMatchObject({ final: true });
    // The provider moves; from now on the old database is the one that lags behind.
    const moved = await startProvider({ databaseUrl: toUrl, env: { GATEHOUSE_SECRET_KEY: provider.secretKey } });
    try {
      await expect(copy()).rejects.toThrow(/target database is in use/);
      await moved.logIn(user);
    } finally {
      await moved.close();
    }
    await expect(copy()).rejects.toThrow(/--replace/);
    expect((await copy({ replace: true })).json).toMatchObject({ final: true });
  });
});

interface Writer {
  /** Tokens consumed, each in a commit that was answered. */
  spent(): number;
  stop(): Promise<void>;
}

/** Another connection (SQLite: process) that consumes one refresh token in each commit and counts it in the same one. */
async function startWriter(engine: string, url: string): Promise<Writer> {
  let spent = 0;
  if (engine === 'SQLite') {
    const program = join(__dirname, '../support/busy-writer.cjs');
    const child = spawn(process.execPath, [program, url.slice('sqlite:'.length), String(tokens)], {
      cwd: join(__dirname, '../../../..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface(child.stdout).on('line', (line) => (spent = Number(line)));
    await once(lines, 'line');
    return {
      spent: () => spent,
      stop: async () => {
        const closed = once(lines, 'close');
        child.kill('SIGTERM');
        await closed;
      },
    };
  }
  let going = true;
  const work = (async () => {
    for (; going; await new Promise((resolve) => setTimeout(resolve, 5))) {
      const next = spent + 1;
      await administer(
        url,
        `BEGIN; UPDATE refresh_tokens SET consumed_at = ${next} WHERE selector = ${((next * 7919) % tokens) + 1};
         INSERT INTO counters (name, value) VALUES ('spent', ${next})
           ON CONFLICT (name) DO UPDATE SET value = excluded.value; COMMIT`,
      );
      spent = next;
    }
  })();
  while (spent === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  return { spent: () => spent, stop: () => ((going = false), work) };
}
