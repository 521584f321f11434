import { driverCode } from './store-error.js';

/** The server rolled the transaction back because of another one: the unit may run again. */
export function isConflict(error: unknown): boolean {
  return ['40001', '40P01'].includes(driverCode(error));
}

/** All connections of the pool are taken; the server itself may be well. */
export function isPoolExhausted(error: unknown): boolean {
  return /timeout exceeded when trying to connect/i.test(messageOf(error));
}

/** The connection is gone, or could not be made. */
export function isConnectionLost(error: unknown): boolean {
  const code = driverCode(error);
  if (/^(08|57P0|25P03)/.test(code)) return true;
  if (/^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_|EHOST|ENET)/.test(code)) return true;
  return /connection terminated|connection error|client was closed|not queryable/i.test(messageOf(error));
}

/**
 * A table has got a column since the statement was prepared, by a process of the next version: it must be prepared anew,
 * on a new connection. Nothing was done.
 */
export function isOutdated(error: unknown): boolean {
  return driverCode(error) === '0A000' && /cached plan/i.test(messageOf(error));
}

/**
 * A write on a session that is read-only: the server is a standby, or was read-only when the connection was made. From
 * a connection for reading it is a mistake of ours.
 */
export function isReadOnly(error: unknown): boolean {
  return driverCode(error) === '25006';
}

/** The server has no connection left for us. */
export function isServerFull(error: unknown): boolean {
  return driverCode(error) === '53300';
}

/** The database cannot serve now, for a reason outside the statement. */
export function isPostgresOutage(error: unknown): boolean {
  if (isConnectionLost(error) || isConflict(error) || isPoolExhausted(error)) return true;
  // 53: out of disk, memory or connections; 57014, 55P03: a statement or a lock took too long.
  return /^(53|57014|55P03)/.test(driverCode(error)) || /query read timeout/i.test(messageOf(error));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
