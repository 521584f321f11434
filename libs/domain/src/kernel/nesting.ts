/**
 * True when a JSON value has at most this nesting depth: 0 for a string or a number, 1 for a list of those. It descends no
 * deeper than that, so that untrusted JSON cannot exhaust the stack here or in later recursive code.
 */
export function isNestedWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((each) => isNestedWithin(each, levels - 1));
}
