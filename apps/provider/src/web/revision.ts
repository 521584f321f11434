import { hash } from 'node:crypto';

/** What a record says, in few characters: whoever changes it says by this which state they saw. */
export function revisionOf(record: object): string {
  return hash('sha256', JSON.stringify(record, inOrder), 'base64url').slice(0, 22);
}

/** One record is one text, whatever order its members came to be in. */
function inOrder(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
