import { statement, type SqlValue, type StatementText, type Unit } from '@gatehouse/platform/database/store';

/** How many rows one step looks at, at first. */
const firstRows = 2000;
const fewestRows = 250;
const maxRows = 50_000;
/** A step aims at this, between the two: whoever writes waits behind it on SQLite. */
const shortMilliseconds = 3;
const longMilliseconds = 8;

/** The statements of a table that is cleared range by range, in the order of its selectors. */
export interface SweptTable {
  readonly edge: StatementText;
  readonly purge: StatementText;
  /** Done to the same rows before they go. */
  readonly before: StatementText | undefined;
}

/**
 * @param condition what has expired, with parameters from `$3` on
 * @param options.by the column of the selector
 * @param options.before a whole statement, of the same parameters, that keeps what of these rows is needed longer
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

/** What one step did. */
export interface PurgeStep {
  readonly gone: number;
  /** How many rows were looked at, at most; left out where only those that go are. */
  readonly seen?: number;
  /** False when the end of the table was reached, or nothing more can have expired. */
  readonly more: boolean;
}

/**
 * Goes through a table step by step, and begins again at its end. Where it stands is this process' own affair. A step
 * takes as many rows as the database does in a few milliseconds: many where few have expired, fewer on a slow machine.
 */
export class Sweeper {
  private last = 0;
  private rows = firstRows;

  constructor(private readonly table: SweptTable) {}

  /** @param values the parameters of the condition */
  async step(unit: Unit, ...values: SqlValue[]): Promise<PurgeStep> {
    const { rows } = this;
    const began = performance.now();
    const edge = await unit.one<{ selector: number }>(this.table.edge, this.last, rows - 1);
    const range = [this.last, edge?.selector ?? Number.MAX_SAFE_INTEGER];
    if (this.table.before) await unit.change(this.table.before, ...range, ...values);
    const gone = await unit.change(this.table.purge, ...range, ...values);
    const took = performance.now() - began;
    if (took < shortMilliseconds) this.rows = Math.min(rows * 2, maxRows);
    else if (took > longMilliseconds) this.rows = Math.max(rows >> 1, fewestRows);
    this.last = edge?.selector ?? 0;
    return { gone, seen: rows, more: edge !== undefined };
  }
}
