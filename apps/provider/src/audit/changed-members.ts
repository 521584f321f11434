/** The values of a changed member in the audit log. `null`: the member was absent. */
export interface ChangedMember {
  readonly before: unknown;
  readonly after: unknown;
}

/** The changed members, by name; `changed` for secrets, whose values are not recorded. */
export type Changes = Readonly<Record<string, ChangedMember | 'changed'>>;

const maxMembers = 50;
const maxCharacters = 300;
/** The maximum number of differing elements that are shown of a long list. */
const maxElements = 20;
const maxElementCharacters = 120;
/** How much of a long value is shown before its first difference. */
const contextCharacters = 40;

/**
 * The members that differ between two states of a record, by name. Values are JSON values; long ones are truncated.
 * @param secrets members whose values are not recorded
 */
export function changedMembers(before: object, after: object, secrets: readonly string[] = []): Changes {
  const [oldMembers, newMembers] = [membersOf(before), membersOf(after)];
  const names = [...new Set([...oldMembers.keys(), ...newMembers.keys()])].sort();
  const changed = names.filter((name) => oldMembers.get(name) !== newMembers.get(name)).slice(0, maxMembers);
  return Object.fromEntries(
    changed.map((name) => [
      name,
      secrets.includes(name) ? 'changed' : valuesOf(oldMembers.get(name), newMembers.get(name)),
    ]),
  );
}

function membersOf(record: object): Map<string, string> {
  const members = new Map<string, string>();
  for (const [name, value] of Object.entries(record)) {
    const json = JSON.stringify(value, sortMembers) as string | undefined;
    if (json !== undefined && json !== 'null') members.set(name, json);
  }
  return members;
}

/** A `JSON.stringify` replacer, so that the order of members makes no difference. */
function sortMembers(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** For long lists only the differing elements; for other long values an excerpt around the first difference. */
function valuesOf(before: string | undefined, after: string | undefined): ChangedMember {
  const [oldValue, newValue] = [parseValue(before), parseValue(after)];
  if (fits(before) && fits(after)) return { before: oldValue, after: newValue };
  const [oldElements, newElements] = [elementsOf(oldValue), elementsOf(newValue)];
  if (oldElements && newElements) {
    const removed = oldElements.filter((element) => !newElements.includes(element));
    const added = newElements.filter((element) => !oldElements.includes(element));
    if (removed.length + added.length > 0) return { before: formatElements(removed), after: formatElements(added) };
    // Only their order differs.
  }
  const start = Math.max(0, firstDifference(before ?? '', after ?? '') - contextCharacters);
  return { before: excerpt(before, start), after: excerpt(after, start) };
}

function fits(json: string | undefined): boolean {
  return json === undefined || json.length <= maxCharacters;
}

function parseValue(json: string | undefined): unknown {
  return json === undefined ? null : (JSON.parse(json) as unknown);
}

/** The elements of a list as JSON; an absent member counts as an empty list. */
function elementsOf(value: unknown): string[] | undefined {
  if (value === null) return [];
  return Array.isArray(value) ? value.map((element) => JSON.stringify(element)) : undefined;
}

/** `…` represents the elements that did not change. */
function formatElements(elements: readonly string[]): string {
  const shown = elements.slice(0, maxElements).map((element) => truncate(element, maxElementCharacters));
  const more = elements.length - shown.length;
  return ['…', ...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(' ');
}

function firstDifference(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return at;
}

function excerpt(json: string | undefined, start: number): string | null {
  return json === undefined ? null : truncate(start === 0 ? json : `…${json.slice(start)}`, maxCharacters);
}

function truncate(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`;
}
