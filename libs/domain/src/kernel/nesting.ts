/**
 * True when the value of some JSON is nested at most this deep: 0 for a text or a number, 1 for a list of those. It looks no
 * deeper than that itself, so that a stranger's JSON cannot exhaust the stack here or of what walks through it later.
 */
export function isNestedWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((each) => isNestedWithin(each, levels - 1));
}
