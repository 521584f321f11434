import type { SqliteStatement } from './sqlite-driver.js';
import type { SqlValue, StatementText } from './store.js';

/** Prepared statements of one handle by text. Texts are constants in the code, so their number is bounded. */
export class SqliteStatements {
  private readonly prepared = new Map<string, SqliteStatement>();

  /** @param prepare called once for each text; throws when the handle must not run it */
  constructor(private readonly prepare: (text: string) => SqliteStatement) {}

  get(text: string): SqliteStatement {
    let found = this.prepared.get(text);
    if (found === undefined) {
      found = this.prepare(text);
      this.prepared.set(text, found);
    }
    return found;
  }
}

/** Values in the order of SQLite's parameters; a missing one is left for the driver to reject. */
export function inSqliteOrder(text: StatementText, values: readonly SqlValue[]): (SqlValue | undefined)[] {
  return text.sqliteOrder.map((position) => values[position]);
}
