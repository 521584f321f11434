import { once } from 'node:events';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { isConnectionLost, isPoolExhausted, isPostgresOutage } from '../../src/database/postgres-errors.js';
import { runSteps, runUnnamedSteps, StepFailed, type Step } from '../../src/database/postgres-pipeline.js';
import { HostedPool } from '../../src/database/postgres-pool.js';
import {
  declaredVersion,
  functionsOf,
  violations,
  withMember,
  type DependencyContract,
} from '../support/dependency-contract.js';
import { startPostgres, withPostgres, type TestPostgres } from '../support/postgres.js';
import { recordWrites } from '../support/socket-writes.js';
import { refusalOf } from './fixtures.js';

const connection = new pg.Connection();

/** The undocumented internals of the driver that `postgres-*.ts` uses. */
const contract: DependencyContract = {
  adr: 'docs/adr/0032-postgres-pipeline.md',
  reviewed: { pg: '8.23.1', 'pg-pool': '3.14.0', 'pg-protocol': '1.16.1' },
  members: [
    ...functionsOf('Connection.prototype', pg.Connection.prototype, {
      parse: 1,
      bind: 1,
      describe: 1,
      execute: 1,
      sync: 0,
    }),
    { owner: 'Connection', target: connection, name: 'stream', type: 'object' },
    ...functionsOf('Connection.stream', connection.stream, { cork: 0, uncork: 0 }),
    ...functionsOf('Client.prototype', pg.Client.prototype, { query: 3, connect: 1, getTransactionStatus: 0 }),
    ...functionsOf('Pool.prototype', pg.Pool.prototype, { connect: 1 }),
    { owner: 'Pool', target: new pg.Pool({ max: 3 }).options, name: 'max', type: 'number' },
    ...(['totalCount', 'idleCount', 'waitingCount'] as const).map((name) => ({
      owner: 'Pool',
      target: new pg.Pool(),
      name,
      type: 'number' as const,
    })),
  ],
};

describe('the internals of pg that the pipeline depends on', () => {
  it('are those of the version that was reviewed', () => {
    expect(violations(contract)).toEqual([]);
  });

  it('are those of the version in package.json', () => {
    expect(declaredVersion('pg')).toBe(contract.reviewed['pg']);
  });

  it.each(contract.members.map((member) => [`${member.owner}.${member.name}`, member] as const))(
    'are missed when %s is missing, or is something else',
    (name, member) => {
      for (const other of [undefined, null, true])
        expect(violations(withMember(contract, member, other))).toEqual([
          expect.stringMatching(`^${name.replaceAll('.', '\\.')} is .*: read docs/adr/0032-postgres-pipeline\\.md$`),
        ]);
    },
  );

  it('are reported when a function has other parameters', () => {
    const [parse] = contract.members;
    if (parse === undefined) throw new Error('no member');
    const other = (_name: string, _text: string): void => undefined;
    expect(violations(withMember(contract, parse, other))).toEqual([
      'Connection.prototype.parse has 2 parameters, not 1: read docs/adr/0032-postgres-pipeline.md',
    ]);
  });

  it('are reported when another version is installed', () => {
    expect(violations({ ...contract, reviewed: { pg: '8.0.0' } })).toEqual([
      expect.stringMatching(/^pg 8\.23\.1 is installed, .* reviewed in 8\.0\.0: read docs/),
    ]);
  });
});

const number: Step = { name: 'test.number', text: 'SELECT $1::integer AS number', values: [7] };
const text: Step = { name: 'test.text', text: 'SELECT $1::text AS text', values: ['a'] };
const nothing: Step = { name: 'test.nothing', text: 'SELECT 1 AS one WHERE false', values: [] };
const divide: Step = { name: 'test.divide', text: 'SELECT 1 / $1::integer AS quotient', values: [0] };
const steps = [number, text, nothing];

/** Each write of a connection, as the types of its protocol messages. */
function messageTypes(writes: readonly (readonly Buffer[])[]): string[] {
  return writes.map((chunks) => chunks.map((chunk) => String.fromCharCode(chunk[0] ?? 0)).join(''));
}

const maybe = withPostgres ? describe : describe.skip;

maybe('a piece of statements, on a real connection of pg (docs/adr/0032-postgres-pipeline.md)', () => {
  let server: TestPostgres;
  let url: string;
  let pool: pg.Pool;
  let client: pg.PoolClient;

  beforeAll(async () => {
    server = await startPostgres();
    url = await server.url('internals');
  }, 60_000);
  afterAll(() => server.stop(), 30_000);
  beforeEach(async () => {
    const { href } = withoutParameters(url);
    pool = new pg.Pool({ connectionString: href, max: 1, connectionTimeoutMillis: 5000 });
    client = await pool.connect();
    client.on('error', () => undefined);
  });
  afterEach(async () => {
    client.release(true);
    await pool.end();
  });

  it('is one write and one response for any number of statements', async () => {
    const writes = recordWrites(client.connection.stream);
    let ready = 0;
    client.connection.on('readyForQuery', () => (ready += 1));
    await runSteps(client, steps);
    // Each statement is prepared once: Parse, Describe, Sync.
    expect(messageTypes(writes)).toEqual(['PDS', 'PDS', 'PDS', 'BEBEBES']);
    expect(ready).toBe(4);
    const results = await runSteps(client, steps);
    expect(messageTypes(writes.slice(4))).toEqual(['BEBEBES']);
    expect(ready).toBe(5);
    expect(results).toEqual([
      { rows: [{ number: 7 }], count: 1, command: 'SELECT' },
      { rows: [{ text: 'a' }], count: 1, command: 'SELECT' },
      { rows: [], count: 0, command: 'SELECT' },
    ]);
  });

  it('is one write behind a pooler too, with statements prepared in it', async () => {
    const writes = recordWrites(client.connection.stream);
    expect((await runUnnamedSteps(client, steps)).map(({ rows }) => rows)).toEqual([
      [{ number: 7 }],
      [{ text: 'a' }],
      [],
    ]);
    expect(messageTypes(writes)).toEqual(['PBDEPBDEPBDES']);
  });

  it('takes several writes if the stream of the driver cannot be corked, which this check detects', async () => {
    await runSteps(client, steps);
    client.connection.stream.cork = () => undefined;
    const writes = recordWrites(client.connection.stream);
    await runSteps(client, steps);
    expect(writes.length).toBeGreaterThan(1);
  });

  it('returns the results before the failed statement, and leaves the connection usable', async () => {
    const failure = await refusalOf(runSteps(client, [number, divide, text]));
    expect(failure).toBeInstanceOf(StepFailed);
    expect(failure).toMatchObject({ done: [{ rows: [{ number: 7 }] }], cause: { code: '22012' } });
    expect(await runSteps(client, [text])).toHaveLength(1);
  });

  /** The methods that the driver calls on a custom query, with their messages. */
  async function calls(...messages: readonly Step[]): Promise<(readonly [string, unknown])[]> {
    const made: (readonly [string, unknown])[] = [];
    const ready = once(client.connection, 'readyForQuery');
    const query = {
      submit(wire: pg.Connection) {
        // The type declarations of the driver's connection have a parameter that it does not have.
        const untyped = wire as unknown as Record<
          'parse' | 'bind' | 'describe' | 'execute',
          (message: unknown) => void
        > & {
          sync(): void;
        };
        for (const step of messages) {
          untyped.parse({ name: '', text: step.text });
          untyped.bind({ statement: '', values: step.values.map(String) });
          untyped.describe({ type: 'P', name: '' });
          untyped.execute(null);
        }
        untyped.sync();
        return null;
      },
    };
    const recorder = new Proxy(query, {
      get: (target, name) => {
        if (typeof name !== 'string' || !name.startsWith('handle')) return Reflect.get(target, name) as unknown;
        return (message: unknown) => void made.push([name, message]);
      },
    });
    client.query(recorder);
    await ready;
    return made;
  }

  it('receives exactly these messages of the server, in this form', async () => {
    expect(await calls(number, { name: '', text: '', values: [] })).toEqual([
      [
        'handleRowDescription',
        expect.objectContaining({ fields: [expect.objectContaining({ name: 'number', dataTypeID: 23 })] }),
      ],
      ['handleDataRow', expect.objectContaining({ fields: ['7'] })],
      ['handleCommandComplete', expect.objectContaining({ text: 'SELECT 1' })],
      ['handleEmptyQuery', expect.anything()],
      ['handleReadyForQuery', expect.anything()],
    ]);
  });

  it('receives an error once, and nothing after it', async () => {
    expect(await calls(nothing, divide, number)).toEqual([
      ['handleRowDescription', expect.anything()],
      ['handleCommandComplete', expect.objectContaining({ text: 'SELECT 0' })],
      ['handleError', expect.objectContaining({ code: '22012' })],
    ]);
  });

  it('gets the transaction state from the driver', async () => {
    const status = [client.getTransactionStatus()];
    for (const statement of ['BEGIN', 'SELECT 1', 'COMMIT']) {
      await client.query(statement);
      status.push(client.getTransactionStatus());
    }
    expect(status).toEqual(['I', 'T', 'T', 'I']);
  });

  it('fails with a connection error when the socket closes, before and while it runs', async () => {
    const sleep: Step = { name: 'test.sleep', text: 'SELECT pg_sleep(30)', values: [] };
    const running = refusalOf(runSteps(client, [sleep]));
    setTimeout(() => client.connection.stream.destroy(), 100);
    for (const failure of [await running, await refusalOf(runSteps(client, [text]))]) {
      expect(failure).toBeInstanceOf(StepFailed);
      expect(isConnectionLost((failure as StepFailed).cause)).toBe(true);
    }
  });

  it('can be distinguished from a pool timeout and a query timeout by the message of the driver', async () => {
    pool.options.connectionTimeoutMillis = 20;
    expect(isPoolExhausted(await refusalOf(pool.connect()))).toBe(true);
    const late = { text: 'SELECT pg_sleep(1)', query_timeout: 50 };
    expect(isPostgresOutage(await refusalOf(client.query(late)))).toBe(true);
  });

  it('comes from a pool that can be replaced in TypeORM', async () => {
    const source = new DataSource({
      type: 'postgres',
      url: withoutParameters(url).href,
      driver: { ...pg, Pool: HostedPool },
      extra: { hosts: { current: withoutParameters(url).href, count: 1 }, Client: pg.Client },
    });
    await source.initialize();
    expect((source.driver as unknown as { master: unknown }).master).toBeInstanceOf(HostedPool);
    await source.destroy();
  });
});

/** Connections of this test, not of the driver. */
function withoutParameters(url: string): URL {
  const plain = new URL(url);
  plain.search = '';
  return plain;
}
