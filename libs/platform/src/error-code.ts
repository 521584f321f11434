import { types } from 'node:util';

/** True for an error of any realm: Node's own errors fail `instanceof Error` where code runs in a vm context (Jest). */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

/** The `code` of a system or driver error (`ENOENT`, `SQLITE_FULL`); undefined if it has none. */
export function codeOf(error: unknown): string | undefined {
  return isError(error) && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
