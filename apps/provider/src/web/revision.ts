import { hash } from 'node:crypto';

/** A short digest of a record. An update sends the revision that it is based on. */
export function revisionOf(record: object): string {
  return hash('sha256', JSON.stringify(record, sortMembers), 'base64url').slice(0, 22);
}

/** Serializes members in a fixed order, so that equal records have the same revision. */
function sortMembers(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
