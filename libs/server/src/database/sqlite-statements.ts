import type { Statement } from 'better-sqlite3';
import type { SqliteDatabase } from './sqlite-driver.js';
import type { SqlValue, StatementText } from './store.js';

/** Prepared statements of one handle, by their text. Texts are constants of the code, so the number is bounded. */
export class SqliteStatements {
  private readonly prepared = new Map<string, Statement<SqlValue[]>>();

  constructor(private readonly database: SqliteDatabase) {}

  get(text: string): Statement<SqlValue[]> {
    let found = this.prepared.get(text);
    if (!found) this.prepared.set(text, (found = this.database.prepare<SqlValue[]>(text)));
    return found;
  }
}

/** The values in the order in which SQLite's text asks for them. */
export function inSqliteOrder(text: StatementText, values: readonly SqlValue[]): readonly SqlValue[] {
  return text.sqliteOrder.length === values.length && text.sqliteOrder.every((position, index) => position === index)
    ? values
    : text.sqliteOrder.map((position) => values[position] ?? null);
}
