import { statement, type SqlValue, type StatementText, type Unit } from '@gatehouse/platform/database/store';

/** The initial number of rows per step. */
const firstRows = 2000;
const fewestRows = 250;
const maxRows = 50_000;
/** The target duration of a step: on SQLite, other writers wait for it. */
const shortMilliseconds = 3;
const longMilliseconds = 8;

/** The statements to purge a table range by range, in the order of its selectors. */
export interface SweptTable {
  readonly edge: StatementText;
  readonly purge: StatementText;
  /** Runs on the same range before the purge. */
  readonly before: StatementText | undefined;
}

/**
 * @param condition selects the expired rows; its parameters start at `$3`
 * @param options.by the selector column
 * @param options.before a statement with the same parameters that saves data of these rows that is needed longer
 */
export function sweptTable(
  table: string,
  condition: string,
  { by = 'selector', before }: { readonly by?: string; readonly before?: string } = {},
): SweptTable {
  return {
    edge: statement(
      `${table}.purge_edge`,
      `SELECT ${by} AS selector FROM ${table} WHERE ${by} > $1 ORDER BY ${by} LIMIT 1 OFFSET $2`,
    ),
    purge: statement(`${table}.purge`, `DELETE FROM ${table} WHERE ${by} > $1 AND ${by} <= $2 AND (${condition})`),
    before: before === undefined ? undefined : statement(`${table}.purge_before`, before),
  };
}

/** The result of one step. */
export interface PurgeStep {
  readonly deleted: number;
  /** The maximum number of rows that were examined; undefined if only deleted rows were. */
  readonly seen?: number;
  /** False at the end of the table, or if nothing more can have expired. */
  readonly more: boolean;
}

/**
 * Purges a table step by step, and starts again at the end. Each process has its own position. The size of a step adapts so
 * that it takes a few milliseconds: larger if few rows have expired, smaller on a slow machine.
 */
export class Sweeper {
  private last = 0;
  private rows = firstRows;

  constructor(private readonly table: SweptTable) {}

  /** @param values the parameters of the condition */
  async step(unit: Unit, ...values: SqlValue[]): Promise<PurgeStep> {
    const { rows } = this;
    const startedAt = performance.now();
    const edge = await unit.one<{ selector: number }>(this.table.edge, this.last, rows - 1);
    const range = [this.last, edge?.selector ?? Number.MAX_SAFE_INTEGER];
    if (this.table.before) await unit.change(this.table.before, ...range, ...values);
    const gone = await unit.change(this.table.purge, ...range, ...values);
    const elapsed = performance.now() - startedAt;
    if (elapsed < shortMilliseconds) this.rows = Math.min(rows * 2, maxRows);
    else if (elapsed > longMilliseconds) this.rows = Math.max(rows >> 1, fewestRows);
    this.last = edge?.selector ?? 0;
    return { deleted: gone, seen: rows, more: edge !== undefined };
  }
}
