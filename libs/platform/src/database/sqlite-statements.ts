import type { SqliteStatement } from './sqlite-driver.js';
import type { SqlValue, StatementText } from './store.js';

/** Prepared statements of one handle, by their text. Texts are constants of the code, so the number is bounded. */
export class SqliteStatements {
  private readonly prepared = new Map<string, SqliteStatement>();

  /** @param prepare called once for each text; throws when it is not for this handle */
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

/** The values in the order in which SQLite's text asks for them; a missing one is left for the driver to refuse. */
export function inSqliteOrder(text: StatementText, values: readonly SqlValue[]): (SqlValue | undefined)[] {
  return text.sqliteOrder.map((position) => values[position]);
}
