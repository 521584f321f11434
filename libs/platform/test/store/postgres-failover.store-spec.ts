import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { freePort } from '../../../../scripts/lib/free-port.cjs';
import { parseDatabaseUrl } from '../../src/database/database-url.js';
import { statement, StoreUnavailable } from '../../src/database/store.js';
import { administer, startPair, type PostgresPair } from '../support/postgres.js';
import { openThings, refusalOf, things, turns } from './fixtures.js';

const port = statement('test.port', 'SELECT inet_server_port() AS port');
const announce = statement('test.announce', `SELECT pg_notify('test_channel', '')`);

describe('the URL of a database on several hosts', () => {
  const urlsOf = (url: string): unknown => {
    const address = parseDatabaseUrl(url);
    return address.kind === 'postgres' && { urls: address.urls, readWrite: address.readWrite };
  };

  it('is parsed like libpq parses it', () => {
    expect(
      urlsOf('postgres://u:p%40@a:5433,b,[::1]:5434/g?sslmode=verify-full&target_session_attrs=read-write'),
    ).toEqual({
      urls: [
        'postgres://u:p%40@a:5433/g?sslmode=verify-full',
        'postgres://u:p%40@b/g?sslmode=verify-full',
        'postgres://u:p%40@[::1]:5434/g?sslmode=verify-full',
      ],
      readWrite: true,
    });
    expect(urlsOf('postgres://a/g')).toEqual({ urls: ['postgres://a/g'], readWrite: false });
    expect(urlsOf('postgres:///g?host=/run/postgresql')).toEqual({
      urls: ['postgres:///g?host=/run/postgresql'],
      readWrite: false,
    });
    expect(urlsOf('postgresql://a/g?target_session_attrs=primary')).toEqual({
      urls: ['postgresql://a/g'],
      readWrite: true,
    });
    expect(parseDatabaseUrl('postgres://u:secret@a,b:5433/g').shown).toBe('postgres://a,b:5433/g');
  });

  it.each([
    ['postgres://u:secret@a,b/g?target_session_attrs=any', 'use read-write'],
    ['postgres://u:secret@a/g?target_session_attrs=prefer-standby', 'use read-write'],
    ['postgres://u:secret@a/g?durability=none', 'durability'],
    ['postgres://u:secret@a,,b/g', 'empty host'],
    ['postgres://u:secret@a,b:x/g', 'not a valid'],
    ['postgres://u:secret@/g?host=a,b', 'before the database'],
    [`postgres://u:secret@${'a,'.repeat(16)}a/g`, 'more than 16'],
  ])('is refused when it cannot be right: %s', (url, why) => {
    const parse = (): unknown => parseDatabaseUrl(url);
    expect(parse).toThrow(why);
    expect(parse).not.toThrow('secret');
  });
});

describe('a database on several hosts', () => {
  let pair: PostgresPair;
  let ports: { readonly primary: number; readonly standby: number };

  beforeAll(async () => {
    pair = await startPair();
    ports = { primary: Number(new URL(pair.url).port), standby: Number(new URL(pair.standbyUrl).port) };
  }, 60_000);
  afterAll(() => pair.stop(), 30_000);

  /** The URL of both servers with these ports, in this order. */
  const urlOf = (...order: number[]): string => {
    const { username, password, pathname } = new URL(pair.url);
    return `postgres://${username}:${password}@${order.map((each) => `127.0.0.1:${each}`).join(',')}${pathname}?durability=unchecked`;
  };

  const cutSessions = (): Promise<unknown> =>
    administer(pair.url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gatehouse'`);

  it('is read and written on the primary, at any position in the list', async () => {
    const dead = await freePort();
    for (const url of [urlOf(dead, ports.standby, ports.primary), urlOf(ports.primary, ports.standby)]) {
      const store = await openThings(url);
      expect(await store.one(port)).toEqual({ port: ports.primary });
      expect(await store.run((unit) => unit.one(port))).toEqual({ port: ports.primary });
      expect(await store.reader.query('SELECT inet_server_port() AS port')).toEqual([{ port: ports.primary }]);
      await store.close();
    }
  });

  it('is not opened with only a standby, and the message explains it', async () => {
    for (const url of [urlOf(ports.standby), `${urlOf(ports.standby)}&target_session_attrs=read-write`])
      expect((await refusalOf(openThings(url))).message).toContain('standby or read-only');
  });

  it('is not read from a standby that its address temporarily leads to, which may be behind', async () => {
    const address = await movableAddress(ports.primary);
    const store = await openThings(urlOf(address.port));
    address.target = ports.standby;
    await cutSessions();
    const read = async (): Promise<unknown> => store.one(port);
    // The first read may use the closed connection.
    await refusalOf(read());
    expect(await refusalOf(read())).toBeInstanceOf(StoreUnavailable);
    expect(await refusalOf(store.run(async (unit) => unit.one(port)))).toBeInstanceOf(StoreUnavailable);
    address.target = ports.primary;
    expect(await store.one(port)).toEqual({ port: ports.primary });
    await store.close();
    address.close();
  });

  it('is not reported as writable while the server is read-only, and is as soon as it is writable again', async () => {
    const store = await openThings(urlOf(ports.primary));
    await store.checkWritable();
    await administer(pair.url, 'ALTER SYSTEM SET default_transaction_read_only = on');
    await administer(pair.url, 'SELECT pg_reload_conf()');
    const deadline = Date.now() + 5_000;
    let outcome: unknown;
    do {
      outcome = await store.checkWritable().catch((error: unknown) => error);
    } while (outcome === undefined && Date.now() < deadline);
    const options = encodeURIComponent('-c default_transaction_read_only=off');
    await administer(`${pair.url}?options=${options}`, 'ALTER SYSTEM RESET default_transaction_read_only');
    await administer(pair.url, 'SELECT pg_reload_conf()');
    expect(outcome).toBeInstanceOf(StoreUnavailable);
    await store.checkWritable();
    await store.close();
  });

  it('disconnects from a primary that became read-only, also for reads', async () => {
    const store = await openThings(urlOf(ports.primary, ports.standby));
    await administer(pair.url, `ALTER ROLE gatehouse SET default_transaction_read_only = on`);
    await cutSessions();
    expect(await refusalOf(store.run((unit) => unit.change(things.insert, 1, 'a')))).toBeInstanceOf(StoreUnavailable);
    await administer(pair.url, 'BEGIN READ WRITE; ALTER ROLE gatehouse RESET default_transaction_read_only; COMMIT');
    await store.run((unit) => unit.change(things.insert, 1, 'a'));
    await store.close();
  });

  it('switches to the promoted standby, with everything that was committed', async () => {
    await administer(pair.url, `ALTER SYSTEM SET synchronous_standby_names = '*'`);
    await administer(pair.url, 'SELECT pg_reload_conf()');
    const store = await openThings(urlOf(ports.primary, ports.standby));
    let heard = 0;
    store.listen('test_channel', () => (heard += 1));
    const stored: number[] = [];
    const doubtful: number[] = [];
    let selector = 10;
    let isOver = false;
    const load = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const own = (selector += 1);
        await store
          .run((unit) => unit.change(things.insert, own, `t${own}`))
          .then(
            () => stored.push(own),
            (error: unknown) => {
              expect(error).toBeInstanceOf(StoreUnavailable);
              doubtful.push(own);
            },
          );
        await turns(5);
      }
    });
    await turns(500);
    await pair.crashPrimary();
    await turns(300);
    const before = stored.length;
    await administer(pair.standbyUrl, 'SELECT pg_promote()');
    const promoted = Date.now();
    while (stored.length === before && Date.now() - promoted < 10_000) await turns(20);
    const took = Date.now() - promoted;
    await turns(500);
    isOver = true;
    await Promise.all(load);
    expect(took).toBeLessThan(5000);
    expect(stored.length).toBeGreaterThan(before);
    expect(await store.one(port)).toEqual({ port: ports.standby });
    const found = new Set((await store.all<{ tag: string }>(things.all)).map(({ tag }) => tag));
    expect(stored.filter((own) => !found.has(`t${own}`))).toEqual([]);
    const known = heard;
    await store.run((unit) => unit.one(announce));
    for (let waited = 0; heard === known && waited < 5000; waited += 20) await turns(20);
    expect(heard).toBeGreaterThan(known);
    await store.close();
  }, 40_000);
});

/** A TCP proxy in front of several servers; new connections are forwarded to its target. */
async function movableAddress(target: number): Promise<{ target: number; readonly port: number; close(): void }> {
  const server = createServer((near) => {
    const far = connect(address.target, '127.0.0.1');
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.pipe(far).pipe(near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // It listens on TCP.
  const address = { target, port: (server.address() as AddressInfo).port, close: () => server.close() };
  return address;
}
