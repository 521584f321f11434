import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';

/** False in the quick run, which starts no PostgreSQL. */
export const withPostgres = process.env['GATEHOUSE_TEST_QUICK'] !== '1';

/** For `describe.each` of suites that run on both engines. */
export const engineNames: readonly ('SQLite' | 'PostgreSQL')[] = withPostgres ? ['SQLite', 'PostgreSQL'] : ['SQLite'];

export interface TestPostgres {
  /** Creates an empty database. */
  url(databaseName: string): Promise<string>;
  /** Creates a copy of a template database. `fill` creates the template if the server has none with this name. */
  copy(template: string, fill: (url: string) => Promise<void>): Promise<string>;
  stop(): Promise<void>;
}

/**
 * PostgreSQL for tests: the server of `GATEHOUSE_TEST_POSTGRES_URL` (with a role that may create databases), or one started by
 * this call.
 */
export async function startPostgres(): Promise<TestPostgres> {
  const given = process.env['GATEHOUSE_TEST_POSTGRES_URL'];
  const server = given === undefined || given === '' ? await startServer() : undefined;
  const administration = server?.url ?? given ?? '';
  const made: string[] = [];
  const create = async (databaseName: string, from = ''): Promise<string> => {
    // Suites share a server, on which killed suites leave their databases.
    const name = `${databaseName}_${randomBytes(6).toString('hex')}`;
    await administer(administration, `CREATE DATABASE "${name}" ${from}`);
    made.push(name);
    return urlOf(administration, name);
  };
  return {
    url: (databaseName) => create(databaseName),
    async copy(template, fill) {
      await makeTemplate(administration, template, fill);
      return create('copy', `TEMPLATE "${template}"`);
    },
    async stop() {
      if (server === undefined)
        for (const name of made) await administer(administration, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
      else await stopServer(server.process);
    },
  };
}

function urlOf(administration: string, name: string): string {
  const url = new URL(administration);
  url.pathname = `/${name}`;
  // The server of the tests does not flush to the disk.
  url.searchParams.set('durability', 'unchecked');
  return url.href;
}

/** One of the suites creates the template, and renames it when it is complete. */
async function makeTemplate(
  administration: string,
  template: string,
  fill: (url: string) => Promise<void>,
): Promise<void> {
  const client = new pg.Client({ connectionString: administration });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock(hashtext($1))', [template]);
    const { rows } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [template]);
    if (rows.length > 0) return;
    const incomplete = `${template}_incomplete`;
    await client.query(`DROP DATABASE IF EXISTS "${incomplete}" WITH (FORCE)`);
    await client.query(`CREATE DATABASE "${incomplete}"`);
    await fill(urlOf(administration, incomplete));
    await client.query(`ALTER DATABASE "${incomplete}" RENAME TO "${template}"`);
  } finally {
    await client.end();
  }
}

/** Runs one statement in a separate connection. */
export async function administer(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

/** A separate server with PostgreSQL's defaults: every commit is flushed. */
export async function startDurable(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const { url, process: child } = await startServer('--durable');
  return { url, stop: () => stopServer(child) };
}

export interface PostgresPair {
  readonly url: string;
  readonly standbyUrl: string;
  /** Stops the primary without a shutdown, like a power failure. */
  crashPrimary(): Promise<void>;
  stop(): Promise<void>;
}

/** A separate primary and its standby. */
export async function startPair(): Promise<PostgresPair> {
  const { url, standbyUrl = '', process: child } = await startServer('--standby');
  return {
    url,
    standbyUrl,
    async crashPrimary() {
      const done = once(child.stdout ?? child, 'data');
      child.stdin?.write('crash\n');
      await done;
    },
    stop: () => stopServer(child),
  };
}

interface ServerProcess {
  readonly url: string;
  readonly standbyUrl?: string;
  readonly process: ChildProcess;
}

async function startServer(...flags: string[]): Promise<ServerProcess> {
  const script = join(__dirname, '../../../../scripts/lib/postgres-server.mjs');
  const child = spawn(process.execPath, [script, ...flags], { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (text: Buffer) => (complaint += text.toString()));
  const lines = createInterface(child.stdout);
  const first = await Promise.race([
    once(lines, 'line') as Promise<[string]>,
    once(child, 'exit').then(() => undefined),
  ]);
  if (first === undefined) throw new Error(`PostgreSQL did not start: ${complaint}`);
  return { ...(JSON.parse(first[0]) as { url: string; standbyUrl?: string }), process: child };
}

async function stopServer(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.stdin?.end();
  await gone;
}
