import { driverCode } from './store-error.js';

/** The server rolled back the transaction because of a concurrent one: the unit may be retried. */
export function isConflict(error: unknown): boolean {
  return ['40001', '40P01'].includes(driverCode(error));
}

/** All connections of the pool are in use; the server itself may be available. */
export function isPoolExhausted(error: unknown): boolean {
  return /timeout exceeded when trying to connect/i.test(messageOf(error));
}

/** The connection was lost or could not be made. */
export function isConnectionLost(error: unknown): boolean {
  const code = driverCode(error);
  if (/^(08|57P0|25P03)/.test(code)) return true;
  if (/^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_|EHOST|ENET)/.test(code)) return true;
  return /connection terminated|connection error|client was closed|not queryable/i.test(messageOf(error));
}

/**
 * A table has got a column since the statement was prepared, from a process of the next version: it must be prepared again on
 * a new connection. The statement had no effect.
 */
export function isOutdated(error: unknown): boolean {
  return driverCode(error) === '0A000' && /cached plan/i.test(messageOf(error));
}

/**
 * A write in a read-only session: the server is a standby, or was read-only when the connection was made. On a connection
 * for reads it is a bug.
 */
export function isReadOnly(error: unknown): boolean {
  return driverCode(error) === '25006';
}

/** The server has no free connection. */
export function isServerFull(error: unknown): boolean {
  return driverCode(error) === '53300';
}

/** The database is unavailable for a reason outside the statement. */
export function isPostgresOutage(error: unknown): boolean {
  if (isConnectionLost(error) || isConflict(error) || isPoolExhausted(error)) return true;
  // 53: out of disk, memory or connections; 57014, 55P03: a statement or lock timeout.
  return /^(53|57014|55P03)/.test(driverCode(error)) || /query read timeout/i.test(messageOf(error));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
