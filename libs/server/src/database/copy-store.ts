import { createHash, type Hash } from 'node:crypto';
import type { DataSource, EntityMetadata } from 'typeorm';

/** How far a table is. */
export interface CopyProgress {
  readonly table: string;
  readonly copied: number;
  readonly total: number;
}

export interface CopiedTable {
  readonly table: string;
  readonly rows: number;
  /** SHA-256 over all rows in the order of their keys, the same on both sides. */
  readonly sha256: string;
}

/** The two sides do not agree after the copy; nothing was deleted anywhere. */
export class CopyMismatch extends Error {
  constructor(table: string) {
    super(`${table}: the rows of the two databases differ after the copy`);
    this.name = 'CopyMismatch';
  }
}

type Row = Readonly<Record<string, unknown>>;

const batchRows = 500;

/**
 * Copies every row of every table from one database to another of the same schema. It may be interrupted and run
 * again: rows that are there already are left alone. Afterwards both sides are counted and hashed.
 * @param tables tables of the entities in an order in which foreign keys find what they refer to
 * @throws CopyMismatch
 */
export async function copyStore(
  from: DataSource,
  to: DataSource,
  tables: readonly string[],
  tell: (progress: CopyProgress) => void,
): Promise<CopiedTable[]> {
  const copied: CopiedTable[] = [];
  for (const table of tables) {
    const entity = from.entityMetadatas.find((candidate) => candidate.tableName === table);
    if (!entity) throw new Error(`no entity has the table ${table}`);
    copied.push(await copyTable(from, to, entity, tell));
  }
  return copied;
}

async function copyTable(
  from: DataSource,
  to: DataSource,
  entity: EntityMetadata,
  tell: (progress: CopyProgress) => void,
): Promise<CopiedTable> {
  const table = entity.tableName;
  const total = await countRows(from, table);
  let done = 0;
  const source = createHash('sha256');
  for await (const rows of batchesOf(from, entity)) {
    await insertRows(to, entity, rows);
    hashRows(source, entity, rows);
    done += rows.length;
    tell({ table, copied: done, total });
  }
  const target = createHash('sha256');
  let there = 0;
  for await (const rows of batchesOf(to, entity)) {
    hashRows(target, entity, rows);
    there += rows.length;
  }
  const sha256 = source.digest('hex');
  if (there !== done || target.digest('hex') !== sha256) throw new CopyMismatch(table);
  return { table, rows: done, sha256 };
}

/** Rows in the order of their primary key, some hundred at a time, by key and never by offset. */
async function* batchesOf(source: DataSource, entity: EntityMetadata): AsyncGenerator<Row[]> {
  const keys = entity.primaryColumns.map((column) => column.databaseName);
  const columns = entity.columns.map((column) => `"${column.databaseName}"`).join(', ');
  const order = keys.map((key) => bytewise(source, key)).join(', ');
  let last: unknown[] | undefined;
  for (;;) {
    const where =
      last === undefined
        ? ''
        : `WHERE (${order}) > (${last.map((_value, index) => parameter(source, index + 1)).join(', ')})`;
    const rows = await source.query<Row[]>(
      `SELECT ${columns} FROM "${entity.tableName}" ${where} ORDER BY ${order} LIMIT ${batchRows}`,
      last,
    );
    if (rows.length > 0) yield rows;
    if (rows.length < batchRows) return;
    last = keys.map((key) => rows.at(-1)?.[key]);
  }
}

/** PostgreSQL sorts text by the language of the database unless it is told to sort as SQLite does. */
function bytewise(source: DataSource, key: string): string {
  const isText = source.entityMetadatas.some((entity) =>
    entity.columns.some((column) => column.databaseName === key && column.type === 'text'),
  );
  return source.options.type === 'postgres' && isText ? `"${key}" COLLATE "C"` : `"${key}"`;
}

async function insertRows(to: DataSource, entity: EntityMetadata, rows: readonly Row[]): Promise<void> {
  const names = entity.columns.map((column) => column.databaseName);
  const columns = names.map((name) => `"${name}"`).join(', ');
  // PostgreSQL takes 65,535 parameters in one statement, SQLite 32,766.
  const most = Math.max(1, Math.floor(30_000 / names.length));
  for (let at = 0; at < rows.length; at += most) {
    const part = rows.slice(at, at + most);
    const places = part
      .map(
        (_row, row) => `(${names.map((_name, column) => parameter(to, row * names.length + column + 1)).join(', ')})`,
      )
      .join(', ');
    const values = part.flatMap((row) =>
      entity.columns.map((column) => valueFor(to, column.type, row[column.databaseName])),
    );
    await to.query(`INSERT INTO "${entity.tableName}" (${columns}) VALUES ${places} ON CONFLICT DO NOTHING`, values);
  }
}

function parameter(source: DataSource, position: number): string {
  return source.options.type === 'postgres' ? `$${position}` : '?';
}

/** SQLite has no booleans: 0 and 1 there, false and true on PostgreSQL. */
function valueFor(source: DataSource, type: unknown, value: unknown): unknown {
  if (type !== 'boolean' || value === null || value === undefined) return value ?? null;
  const flag = value === true || value === 1;
  return source.options.type === 'postgres' ? flag : Number(flag);
}

function hashRows(hash: Hash, entity: EntityMetadata, rows: readonly Row[]): void {
  for (const row of rows) {
    const values = entity.columns.map((column) => {
      const value = row[column.databaseName];
      if (Buffer.isBuffer(value)) return value.toString('hex');
      if (column.type === 'boolean' && value !== null) return value === true || value === 1;
      return column.type === 'bigint' && value !== null ? Number(value) : value;
    });
    hash.update(JSON.stringify(values)).update('\n');
  }
}

async function countRows(source: DataSource, table: string): Promise<number> {
  const [row] = await source.query<{ count: number | string }[]>(`SELECT COUNT(*) AS count FROM "${table}"`);
  return Number(row?.count ?? 0);
}
