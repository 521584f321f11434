import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { createHash, type Hash } from 'node:crypto';
import type { DataSource, EntityMetadata, QueryRunner } from 'typeorm';
import { inOneTransaction, inSnapshot, type CopyWriters } from './copy-transactions.js';

export { SourceInUse, type CopyWriters } from './copy-transactions.js';

/** Progress of one table. */
export interface CopyProgress {
  readonly table: string;
  readonly copied: number;
  readonly total: number;
}

export interface CopiedTable {
  readonly table: string;
  readonly rows: number;
  /** SHA-256 of all rows in primary key order, the same on both engines. */
  readonly sha256: string;
}

export interface StoreCopy {
  readonly from: DataSource;
  readonly to: DataSource;
  /** Tables of the entities, ordered so that referenced rows are copied first. */
  readonly tables: readonly string[];
  readonly writers: CopyWriters;
  /** A table that gets a row with every change of a store: shows whether the target was changed on its own. */
  readonly journal: string;
  /** What to do with changes that only the target has: throw {@link TargetDiverged}, or discard them. */
  readonly ownRows: 'refuse' | 'discard';
  readonly report: (progress: CopyProgress) => void;
}

export interface StoreCopyReport {
  /** Time of the snapshot: the copy does not contain later commits. */
  readonly takenAt: EpochSeconds;
  readonly tables: readonly CopiedTable[];
}

/** Source and target differ after the copy. The target is unchanged. */
export class CopyMismatch extends Error {
  constructor(table: string) {
    super(`${table}: the rows of the two databases differ after the copy`);
    this.name = 'CopyMismatch';
  }
}

/** The target has changes of its own, for instance from a server that was moved there: a copy would discard them. */
export class TargetDiverged extends Error {
  constructor() {
    super('the target database has changes of its own, which are not in the source');
    this.name = 'TargetDiverged';
  }
}

type Row = Readonly<Record<string, unknown>>;

const batchRows = 500;
const keysInStatement = 200;

/**
 * Makes the target contain exactly the rows of one snapshot of the source: adds missing rows, and replaces or deletes rows
 * that differ or no longer exist. Then counts and hashes both sides. All of it is one transaction on the target: a copy
 * that fails or is interrupted leaves the target unchanged and can be repeated.
 * @throws CopyMismatch, TargetDiverged, SourceInUse
 */
export function copyStore(copy: StoreCopy): Promise<StoreCopyReport> {
  const { from, to, tables, writers } = copy;
  const entities = [copy.journal, ...tables].map((table) => entityOf(from, table));
  const [journal, ...copied] = entities;
  return inSnapshot(from, { writers, tables }, (source, takenAt) =>
    inOneTransaction(to, async (target) => {
      const sides = { source, target };
      if (copy.ownRows === 'refuse' && journal) await refuseDiverged(sides, journal);
      const done: CopiedTable[] = [];
      for (const entity of copied) {
        await deleteOutdated(sides, entity);
        done.push(await copyTable(sides, entity, copy.report));
      }
      return { takenAt, tables: done };
    }),
  );
}

interface Sides {
  readonly source: QueryRunner;
  readonly target: QueryRunner;
}

function entityOf(source: DataSource, table: string): EntityMetadata {
  const entity = source.entityMetadatas.find((candidate) => candidate.tableName === table);
  if (!entity) throw new Error(`no entity is mapped to the table ${table}`);
  return entity;
}

/**
 * Checks for journal rows that only the target has. Rows older than the first one of the source were purged in the source;
 * newer ones were never in it.
 */
async function refuseDiverged({ source, target }: Sides, journal: EntityMetadata): Promise<void> {
  const inSource = new RowCursor(source, journal);
  await inSource.advance();
  const first = inSource.row;
  for await (const row of onlyInTarget(inSource, new RowCursor(target, journal), journal, 'key'))
    if (first === undefined || compareKeys(journal, row, first) > 0) throw new TargetDiverged();
}

/**
 * Deletes rows that differ or are gone from the source before any is inserted, so that no insert violates a unique index.
 * Referring rows are deleted by cascade or lose the reference; their tables are copied later.
 */
async function deleteOutdated({ source, target }: Sides, entity: EntityMetadata): Promise<void> {
  const inSource = new RowCursor(source, entity);
  await inSource.advance();
  let outdated: Row[] = [];
  for await (const row of onlyInTarget(inSource, new RowCursor(target, entity), entity, 'values')) {
    outdated.push(row);
    if (outdated.length < keysInStatement) continue;
    await deleteRows(target, entity, outdated);
    outdated = [];
  }
  if (outdated.length > 0) await deleteRows(target, entity, outdated);
}

async function copyTable(
  { source, target }: Sides,
  entity: EntityMetadata,
  report: (progress: CopyProgress) => void,
): Promise<CopiedTable> {
  const table = entity.tableName;
  const total = await countRows(source, table);
  let copied = 0;
  const expected = createHash('sha256');
  for await (const rows of batchesOf(source, entity)) {
    await insertRows(target, entity, rows);
    hashRows(expected, entity, rows);
    copied += rows.length;
    report({ table, copied, total });
  }
  const found = createHash('sha256');
  let there = 0;
  for await (const rows of batchesOf(target, entity)) {
    hashRows(found, entity, rows);
    there += rows.length;
  }
  const sha256 = expected.digest('hex');
  if (copied !== total || there !== copied || found.digest('hex') !== sha256) throw new CopyMismatch(table);
  return { table, rows: copied, sha256 };
}

/** Iterates over a table row by row in primary key order. */
class RowCursor {
  row: Row | undefined;
  private readonly batches: AsyncGenerator<Row[]>;
  private batch: readonly Row[] = [];
  private at = 0;

  constructor(runner: QueryRunner, entity: EntityMetadata) {
    this.batches = batchesOf(runner, entity);
  }

  async advance(): Promise<void> {
    if (this.at >= this.batch.length) {
      const next = await this.batches.next();
      this.batch = next.done === true ? [] : next.value;
      this.at = 0;
    }
    this.row = this.batch[this.at];
    this.at += 1;
  }
}

/**
 * Rows of the target that are missing in the source or differ there.
 * @param inSource positioned at its first row
 */
async function* onlyInTarget(
  inSource: RowCursor,
  inTarget: RowCursor,
  entity: EntityMetadata,
  compare: 'key' | 'values',
): AsyncGenerator<Row> {
  for (await inTarget.advance(); inTarget.row !== undefined; await inTarget.advance()) {
    const { row } = inTarget;
    while (inSource.row !== undefined && compareKeys(entity, inSource.row, row) < 0) await inSource.advance();
    const isThere = inSource.row !== undefined && compareKeys(entity, inSource.row, row) === 0;
    if (!isThere || (compare === 'values' && textOf(entity, inSource.row) !== textOf(entity, row))) yield row;
  }
}

/** The sort order of both engines: numbers by value, text by bytes. */
function compareKeys(entity: EntityMetadata, a: Row, b: Row): number {
  for (const { databaseName, type } of entity.primaryColumns) {
    const [left, right] = [a[databaseName], b[databaseName]];
    const order =
      type === 'text'
        ? Buffer.compare(Buffer.from(String(left)), Buffer.from(String(right)))
        : Number(left) - Number(right);
    if (order !== 0) return order;
  }
  return 0;
}

/** Rows in primary key order, in batches, with keyset pagination. */
async function* batchesOf(runner: QueryRunner, entity: EntityMetadata): AsyncGenerator<Row[]> {
  const keys = entity.primaryColumns.map((column) => column.databaseName);
  const columns = entity.columns.map((column) => `"${column.databaseName}"`).join(', ');
  // PostgreSQL sorts text by the collation of the database; COLLATE "C" sorts as SQLite does.
  const order = entity.primaryColumns
    .map(({ databaseName, type }) => `"${databaseName}"${isPostgres(runner) && type === 'text' ? ' COLLATE "C"' : ''}`)
    .join(', ');
  let last: unknown[] | undefined;
  for (;;) {
    const where =
      last === undefined
        ? ''
        : `WHERE (${order}) > (${last.map((_value, index) => parameter(runner, index + 1)).join(', ')})`;
    // TypeORM does not type rows: these have the columns above.
    const rows = (await runner.query(
      `SELECT ${columns} FROM "${entity.tableName}" ${where} ORDER BY ${order} LIMIT ${batchRows}`,
      last,
    )) as Row[];
    if (rows.length > 0) yield rows;
    if (rows.length < batchRows) return;
    last = keys.map((key) => rows.at(-1)?.[key]);
  }
}

async function insertRows(to: QueryRunner, entity: EntityMetadata, rows: readonly Row[]): Promise<void> {
  const names = entity.columns.map((column) => column.databaseName);
  const columns = names.map((name) => `"${name}"`).join(', ');
  const keys = entity.primaryColumns.map((column) => `"${column.databaseName}"`).join(', ');
  // PostgreSQL accepts 65,535 parameters in one statement, SQLite 32,766.
  const maxRows = Math.max(1, Math.floor(30_000 / names.length));
  for (let at = 0; at < rows.length; at += maxRows) {
    const part = rows.slice(at, at + maxRows);
    const placeholders = part
      .map(
        (_row, row) => `(${names.map((_name, column) => parameter(to, row * names.length + column + 1)).join(', ')})`,
      )
      .join(', ');
    const values = part.flatMap((row) =>
      entity.columns.map((column) => valueFor(to, column.type, row[column.databaseName])),
    );
    // A row with the same key is already identical. Any other conflict is an error.
    await to.query(
      `INSERT INTO "${entity.tableName}" (${columns}) VALUES ${placeholders} ON CONFLICT (${keys}) DO NOTHING`,
      values,
    );
  }
}

async function deleteRows(to: QueryRunner, entity: EntityMetadata, rows: readonly Row[]): Promise<void> {
  const keys = entity.primaryColumns.map((column) => column.databaseName);
  const placeholders = rows.map(
    (_row, row) =>
      `(${keys.map((key, column) => `"${key}" = ${parameter(to, row * keys.length + column + 1)}`).join(' AND ')})`,
  );
  const values = rows.flatMap((row) => keys.map((key) => row[key]));
  await to.query(`DELETE FROM "${entity.tableName}" WHERE ${placeholders.join(' OR ')}`, values);
}

function isPostgres(runner: QueryRunner): boolean {
  return runner.dataSource.options.type === 'postgres';
}

function parameter(runner: QueryRunner, position: number): string {
  return isPostgres(runner) ? `$${position}` : '?';
}

/** SQLite has no booleans: 0 and 1 there, false and true on PostgreSQL. */
function valueFor(runner: QueryRunner, type: unknown, value: unknown): unknown {
  if (type !== 'boolean' || value === null || value === undefined) return value ?? null;
  const flag = value === true || value === 1;
  return isPostgres(runner) ? flag : Number(flag);
}

/** A representation of a row that is the same on both engines. */
function textOf(entity: EntityMetadata, row: Row | undefined): string {
  const values = entity.columns.map((column) => {
    const value = row?.[column.databaseName];
    if (Buffer.isBuffer(value)) return value.toString('hex');
    if (column.type === 'boolean' && value !== null) return value === true || value === 1;
    return column.type === 'bigint' && value !== null ? Number(value) : value;
  });
  return JSON.stringify(values);
}

function hashRows(hash: Hash, entity: EntityMetadata, rows: readonly Row[]): void {
  for (const row of rows) hash.update(textOf(entity, row)).update('\n');
}

async function countRows(runner: QueryRunner, table: string): Promise<number> {
  const [row] = (await runner.query(`SELECT COUNT(*) AS count FROM "${table}"`)) as { count: number | string }[];
  return Number(row?.count ?? 0);
}
