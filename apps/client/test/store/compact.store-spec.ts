import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '@gatehouse/platform/database/open-store';
import { openSqliteFile } from '@gatehouse/platform/database/sqlite-driver';
import { runCommand, type CommandOutcome } from '../../src/cli/program';
import { entities, migrations } from '../../src/schema';

describe("the client's `database compact`", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-client-'));
    file = join(folder, 'client.sqlite');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const open = () => openStore({ url: `sqlite:${file}`, entities, migrations, migrate: 'auto' });
  const compact = (words: readonly string[] = ['database', 'compact', '--json']): Promise<CommandOutcome> =>
    runCommand(words, {
      GATEHOUSE_CLIENT_DATABASE_URL: `sqlite:${file}`,
      GATEHOUSE_CLIENT_SESSION_SECRET: 'a session secret of at least 32 bytes',
    });

  it('gives free space back to the disk, and keeps the rows', async () => {
    await (await open()).close();
    const database = openSqliteFile(file, { readonly: false });
    database.exec(`
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
      INSERT INTO taken_logout_tokens (id_hash, expires_at) SELECT hex(randomblob(500)), i FROM n;
      DELETE FROM taken_logout_tokens WHERE expires_at > 10;`);
    database.close();
    const before = statSync(file).size;

    const { exitCode, stdout, stderr } = await compact();
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual({ file, bytes_before: before, bytes_after: statSync(file).size });
    expect(statSync(file).size).toBeLessThan(before / 5);
    const store = await open();
    expect(await store.reader.query('SELECT count(*) AS rows FROM taken_logout_tokens')).toEqual([{ rows: 10 }]);
    await store.close();
  });

  it('refuses a database that is in use', async () => {
    const store = await open();
    try {
      const { exitCode, stderr } = await compact();
      expect(exitCode).toBe(1);
      expect(JSON.parse(stderr)).toEqual({ error: 'failed', message: expect.stringContaining('is in use') as string });
    } finally {
      await store.close();
    }
  });

  it('needs a database, and makes none', async () => {
    expect(await compact(['database', 'compact'])).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `${file} does not exist\n`,
    });
    expect(existsSync(file)).toBe(false);
  });

  it('is the only command: every other one is an error of usage', async () => {
    expect(await compact(['database', 'shrink'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('there is no command "database shrink"') as string,
    });
    expect((await compact([])).exitCode).toBe(2);
    expect(await compact(['--help'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Usage') as string,
    });
  });
});
