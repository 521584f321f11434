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

/** Somebody else changed a record between its being shown and its being saved: nothing was saved. */
export class ChangedMeanwhile extends Error {
  constructor() {
    super('the record was changed meanwhile');
    this.name = 'ChangedMeanwhile';
  }
}

/**
 * @param seen the revision that the change is of; undefined where nobody looked
 * @throws ChangedMeanwhile, in a unit: it rolls back
 */
export function demandRevision(seen: string | undefined, now: object): void {
  if (seen !== undefined && seen !== revisionOf(now)) throw new ChangedMeanwhile();
}

/** What a form says then. */
export const changedSentence =
  'Somebody else changed this meanwhile. Nothing was saved: look at it as it is now in another window; saving again puts what stands here in its place.';

/** What work gives, or undefined where the record was changed meanwhile. */
export async function unlessChanged<T>(work: () => Promise<T>): Promise<T | 'changed'> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ChangedMeanwhile) return 'changed';
    throw error;
  }
}
