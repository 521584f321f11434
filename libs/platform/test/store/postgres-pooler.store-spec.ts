import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../../scripts/lib/free-port.cjs';
import { statement, StoreUnavailable } from '../../src/database/store.js';
import type { OpenStore } from '../../src/database/open-store.js';
import { openThings, postgresEngine, refusalOf, Thing, things, turns } from './fixtures.js';

const program = '/usr/sbin/pgbouncer';
const timeouts = statement(
  'test.timeouts',
  `SELECT current_setting('statement_timeout') AS statement, current_setting('idle_in_transaction_session_timeout') AS idle`,
);
const thing = { tag: 'm', ownerId: null, consumedAt: null, useCount: 0, isOpen: true, tagHash: null, labelList: [] };
const nobody = 65534;

// Debian: apt-get install pgbouncer.
(existsSync(program) ? describe : describe.skip)(
  'the store behind PgBouncer in transaction mode (skipped where it is not installed: apt-get install pgbouncer)',
  () => {
    const engine = postgresEngine();
    let folder = '';
    let bouncer: ChildProcess;
    let url = '';
    let store: OpenStore;
    let other: OpenStore;

    beforeAll(async () => {
      await engine.start();
      const target = new URL(await engine.freshUrl());
      const port = await freePort();
      folder = mkdtempSync(join(tmpdir(), 'gatehouse-pgbouncer-'));
      const users = join(folder, 'userlist.txt');
      const file = join(folder, 'pgbouncer.ini');
      writeFileSync(users, `"${target.username}" "${target.password}"\n`, { mode: 0o600 });
      // The recommended configuration, with the addresses of this server and few connections.
      const recommended = readFileSync(join(__dirname, '../../../../deploy/pgbouncer.ini'), 'utf8');
      const ini = recommended
        .replace(
          /^gatehouse = .*$/m,
          `gatehouse = host=127.0.0.1 port=${target.port} dbname=${target.pathname.slice(1)}`,
        )
        .replace(/^listen_port = .*$/m, `listen_port = ${port}\nunix_socket_dir =`)
        .replace(/^auth_file = .*$/m, `auth_file = ${users}`)
        .replace(/^default_pool_size = .*$/m, 'default_pool_size = 3');
      writeFileSync(file, ini);
      const isRoot = process.getuid?.() === 0;
      chmodSync(folder, 0o755);
      if (isRoot) chownSync(users, nobody, nobody);
      // It does not run as root.
      bouncer = spawn(program, [file], {
        stdio: ['ignore', 'ignore', 'pipe'],
        ...(isRoot ? { uid: nobody, gid: nobody } : {}),
      });
      let said = '';
      const up = new Promise<void>((resolve, reject) => {
        bouncer.stderr?.on('data', (text: Buffer) => {
          said += text.toString();
          if (said.includes('process up')) resolve();
        });
        bouncer.once('exit', () => reject(new Error(said)));
      });
      await up;
      url = `postgres://${target.username}:${target.password}@127.0.0.1:${port}/gatehouse?durability=unchecked`;
      store = await openThings(`${url}&pooler=transaction`);
      other = await openThings(`${url}&pooler=transaction`);
    }, 60_000);
    afterAll(async () => {
      await store.close();
      await other.close();
      const gone = once(bouncer, 'exit');
      bouncer.kill('SIGTERM');
      await gone;
      rmSync(folder, { recursive: true });
      await engine.stop();
    }, 30_000);

    it('serves many concurrent units and reads with few sessions', async () => {
      await Promise.all(
        Array.from({ length: 300 }, async (_, index) => {
          const one = index % 2 === 0 ? store : other;
          await one.run(async (unit) => {
            unit.write(things.insert, index, `t${index}`);
            if (index % 3 === 0) await unit.one(things.use, index);
          });
          expect(await one.one(things.find, index)).toMatchObject({
            tag: `t${index}`,
            use_count: index % 3 === 0 ? 1 : 0,
          });
        }),
      );
      expect(await store.one(things.count)).toEqual({ n: 300 });
    });

    it('lets one of 100 succeed, rolls back failures, and shares the transaction with TypeORM', async () => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 100 }, (_, index) =>
          (index % 2 ? store : other).run((unit) => {
            unit.expectChange(things.consume, 1, 5);
            unit.write(things.insert, 1000 + index, `w${index}`);
          }),
        ),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const undone = store.run(async (unit) => {
        await unit.manager.getRepository(Thing).insert({ ...thing, selector: 5000 });
        expect(await unit.one(things.find, 5000)).toMatchObject({ tag: 'm' });
        unit.expectChange(things.consume, 1, 6);
      });
      await expect(undone).rejects.toMatchObject({ name: 'ConcurrencyConflict' });
      expect(await store.one(things.find, 5000)).toBeUndefined();
      expect(await store.reader.getRepository(Thing).countBy({ selector: 5000 })).toBe(0);
    });

    it('applies its limits: reads cannot write, and statements time out', async () => {
      await expect(store.one(things.use, 1)).rejects.toThrow('read-only');
      expect(await store.one(timeouts)).toEqual({ statement: '15s', idle: '15s' });
      expect(await store.run((unit) => unit.one(timeouts))).toEqual({ statement: '15s', idle: '15s' });
      const long = store.run(async (unit) => {
        await unit.one(statement('test.short', `SELECT set_config('statement_timeout', '100', true)`));
        await unit.one(statement('test.long', 'SELECT pg_sleep(30)'));
      });
      expect(await refusalOf(long)).toBeInstanceOf(StoreUnavailable);
      // The settings do not remain in the sessions, which other clients use next.
      for (let round = 0; round < 10; round += 1)
        expect(await store.reader.query('SHOW statement_timeout')).toEqual([{ statement_timeout: '0' }]);
    });

    it('does not use LISTEN, which requires a fixed session', async () => {
      let heard = 0;
      store.listen('test_channel', () => (heard += 1));
      await turns(300);
      expect(heard).toBe(0);
    });

    it('is required: without pooler=transaction the connection fails', async () => {
      expect((await refusalOf(openThings(url))).message).toContain('unsupported startup parameter');
    });
  },
);
