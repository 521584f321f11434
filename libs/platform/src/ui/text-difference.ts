export interface TextDifference {
  readonly before: string;
  /** What only the first text has. */
  readonly removed: string;
  /** What only the second text has. */
  readonly added: string;
  readonly after: string;
}

/** The one place where two texts differ: what they begin and end with is the same. */
export function textDifference(first: string, second: string): TextDifference {
  const one = [...first];
  const other = [...second];
  const shorter = Math.min(one.length, other.length);
  let start = 0;
  while (start < shorter && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  return {
    before: one.slice(0, start).join(''),
    removed: one.slice(start, one.length - end).join(''),
    added: other.slice(start, other.length - end).join(''),
    after: one.slice(one.length - end).join(''),
  };
}
