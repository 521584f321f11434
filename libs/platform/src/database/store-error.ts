import { StoreUnavailable } from './store.js';

export const unitOver = 'this unit of work is over: a promise inside it was not awaited';
export const transactionGone = 'the transaction was lost: a statement in it failed';

/** The error code of a driver, unwrapped from TypeORM's error: `SQLITE_BUSY`, `40001`, `ECONNREFUSED`, or '' if it has none. */
export function driverCode(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { code, driverError } = error as { readonly code?: unknown; readonly driverError?: unknown };
  if (typeof code === 'string') return code;
  return driverError === undefined ? '' : driverCode(driverError);
}

interface UniqueViolation {
  readonly message?: unknown;
  /** PostgreSQL only: the columns and their values, in the server's language. */
  readonly detail?: unknown;
}

/** A unique index was violated: another unit of work took the value since it was checked. */
export function isUniqueViolation(error: unknown): boolean {
  const code = driverCode(error);
  return code === '23505' || /^SQLITE_CONSTRAINT_(PRIMARYKEY|ROWID|UNIQUE)$/.test(code);
}

/** Two processes with the same generator id created the same selector. A retry creates another one. */
export function isDuplicateSelector(error: unknown): boolean {
  if (!isUniqueViolation(error)) return false;
  const { detail, message } = error as UniqueViolation;
  return driverCode(error) === '23505' ? /\(selector\)=/.test(String(detail)) : /\.selector$/.test(String(message));
}

export const selectorTaken = 'another process made the same selector';

/** The error for units and reads that wait while the database is unavailable. */
export function unavailable(message: string, cause: unknown): StoreUnavailable {
  return cause instanceof StoreUnavailable ? cause : new StoreUnavailable(message, { cause });
}

/** Statements that would end, nest or reconfigure the transaction that the store manages. */
const controlStatement =
  /^(?:\s|;|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*(begin|start|commit|end|rollback|abort|savepoint|release|prepare|attach|detach|vacuum|pragma|set|reset|discard)\b/i;

/** @throws Error when the statement is not allowed inside a unit */
export function checkUnitStatement(text: string): void {
  const word = controlStatement.exec(text)?.[1];
  if (word !== undefined) throw new Error(`not inside a unit of work: ${word.toUpperCase()}`);
}
