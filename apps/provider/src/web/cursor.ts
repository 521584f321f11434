/** The end of a page of a list: the values of the sort key of its last row. */
export type Cursor = readonly (string | number)[];

const maxCharacters = 2000;

export function formatCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

/** @returns undefined if the text is not a cursor with values of this shape */
export function parseCursor(text: string, shape: readonly ('string' | 'number')[]): Cursor | undefined {
  if (text.length > maxCharacters) return undefined;
  let values: unknown;
  try {
    values = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  if (!Array.isArray(values) || values.length !== shape.length) return undefined;
  // PostgreSQL rejects NUL characters in text.
  const fits = values.every(
    (value, at) =>
      typeof value === shape[at] &&
      (typeof value === 'number' ? Number.isSafeInteger(value) : !String(value).includes('\0')),
  );
  return fits ? (values as Cursor) : undefined;
}
