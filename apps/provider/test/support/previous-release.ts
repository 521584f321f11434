import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import type { Fixture } from '../fixtures/previous-release/held';

const folder = join(__dirname, '../fixtures/previous-release');

/** A new copy each time: checks update what is held. */
export function readFixture(): Fixture {
  return JSON.parse(readFileSync(join(folder, 'held.json'), 'utf8')) as Fixture;
}

/** Puts the database that the previous release wrote at this URL, which is empty. */
export async function loadFixture(url: string): Promise<void> {
  if (url.startsWith('sqlite:')) {
    const path = url.slice('sqlite:'.length);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, gunzipSync(readFileSync(join(folder, 'provider.sqlite.gz'))), { mode: 0o600 });
    return;
  }
  const address = new URL(url);
  address.search = '';
  const client = new pg.Client({ connectionString: address.href });
  await client.connect();
  try {
    await client.query(gunzipSync(readFileSync(join(folder, 'provider.sql.gz'))).toString('utf8'));
  } finally {
    await client.end();
  }
}

/** Every table, column, index, constraint and trigger, as the database describes it, sorted. */
export async function schemaOf(source: DataSource): Promise<string[]> {
  const text =
    source.options.type === 'postgres'
      ? `SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' '
           || coalesce(column_default, '') AS line FROM information_schema.columns WHERE table_schema = 'public'
         UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
         UNION ALL SELECT 'constraint ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
           WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
         UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
         UNION ALL SELECT 'function ' || proname FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
           AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')`
      : `SELECT 'column ' || m.name || '.' || c.name || ' ' || c.type || ' ' || c."notnull" || ' '
           || coalesce(c.dflt_value, '') AS line
         FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'
         UNION ALL SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master WHERE type <> 'table'`;
  return (await source.query<{ line: string }[]>(text)).map(({ line }) => line).sort();
}

/** What ends a row where it is set; a client's secret expires once it is rotated. */
const ending = /^((consumed|disabled|ended|limited|retired|revoked|used)_at|client_secrets\.expires_at)$/;

export interface Rows {
  /** Every row by its table and primary key, with the columns in which it ended. */
  readonly [row: string]: string;
}

export async function rowsOf(source: DataSource, tables: readonly string[]): Promise<Rows> {
  const rows: Record<string, string> = {};
  for (const { tableName, primaryColumns } of source.entityMetadatas) {
    if (!tables.includes(tableName)) continue;
    for (const row of await source.query<Record<string, unknown>[]>(`SELECT * FROM ${tableName}`)) {
      const key = primaryColumns.map(({ databaseName }) => String(row[databaseName])).join('|');
      rows[`${tableName} ${key}`] = Object.keys(row)
        .filter((name) => (ending.test(name) || ending.test(`${tableName}.${name}`)) && row[name] !== null)
        .sort()
        .join();
    }
  }
  return rows;
}
