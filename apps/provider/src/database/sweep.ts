import { statement, type SqlValue, type StatementText, type Unit } from '@gatehouse/server/database/store';

/** How many rows one step looks at: bounded, however many there are and however few of them have expired. */
const rowsInStep = 2000;

/** The statements of a table that is cleared range by range, in the order of its selectors. */
export interface SweptTable {
  readonly edge: StatementText;
  readonly purge: StatementText;
}

/**
 * @param condition what has expired, with parameters from `$3` on
 * @param action what happens to it; deleted when left out
 */
export function sweptTable(table: string, condition: string, action = `DELETE FROM ${table}`): SweptTable {
  const name = `${table}.${action.startsWith('DELETE') ? 'purge' : 'forget'}`;
  return {
    edge: statement(
      `${name}_edge`,
      `SELECT selector FROM ${table} WHERE selector > $1 ORDER BY selector LIMIT 1 OFFSET ${rowsInStep - 1}`,
    ),
    purge: statement(name, `${action} WHERE selector > $1 AND selector <= $2 AND (${condition})`),
  };
}

/** What one step did. */
export interface PurgeStep {
  readonly gone: number;
  /** False when the end of the table was reached, or nothing more can have expired. */
  readonly more: boolean;
}

/** Goes through a table step by step, and begins again at its end. Where it stands is this process' own affair. */
export class Sweeper {
  private last = 0;

  constructor(private readonly table: SweptTable) {}

  /** @param values the parameters of the condition */
  async step(unit: Unit, ...values: SqlValue[]): Promise<PurgeStep> {
    const edge = await unit.one<{ selector: number }>(this.table.edge, this.last);
    const gone = await unit.change(this.table.purge, this.last, edge?.selector ?? Number.MAX_SAFE_INTEGER, ...values);
    this.last = edge?.selector ?? 0;
    return { gone, more: edge !== undefined };
  }
}
