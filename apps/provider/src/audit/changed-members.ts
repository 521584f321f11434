/** How a member changed, as the audit log keeps it. `null` stands for a member that is not there. */
export interface ChangedMember {
  readonly before: unknown;
  readonly after: unknown;
}

/** The members that changed, by name; of secrets it is only said that they did. */
export type Changes = Readonly<Record<string, ChangedMember | 'changed'>>;

const maxMembers = 50;
const maxCharacters = 300;
/** Of a long list so many elements that differ are named, and so much of each. */
const maxElements = 20;
const charactersOfElement = 120;
/** Shown before the first difference of a long value. */
const charactersOfContext = 40;

/**
 * The members that differ between two states of a record, by name. Values are as JSON has them; long ones are cut.
 * @param secrets members of which is only said that they changed
 */
export function changedMembers(before: object, after: object, secrets: readonly string[] = []): Changes {
  const [old, new_] = [membersOf(before), membersOf(after)];
  const names = [...new Set([...old.keys(), ...new_.keys()])].sort();
  const changed = names.filter((name) => old.get(name) !== new_.get(name)).slice(0, maxMembers);
  return Object.fromEntries(
    changed.map((name) => [name, secrets.includes(name) ? 'changed' : valuesOf(old.get(name), new_.get(name))]),
  );
}

function membersOf(record: object): Map<string, string> {
  const members = new Map<string, string>();
  for (const [name, value] of Object.entries(record)) {
    const json = JSON.stringify(value, inOrder) as string | undefined;
    if (json !== undefined && json !== 'null') members.set(name, json);
  }
  return members;
}

/** Two objects with the same members are the same, whatever the order of the members. */
function inOrder(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Of long lists only the elements that differ; of other long values what surrounds the first difference. */
function valuesOf(before: string | undefined, after: string | undefined): ChangedMember {
  const [old, new_] = [parsed(before), parsed(after)];
  if (fits(before) && fits(after)) return { before: old, after: new_ };
  const [olds, news] = [elementsOf(old), elementsOf(new_)];
  if (olds && news) {
    const removed = olds.filter((element) => !news.includes(element));
    const added = news.filter((element) => !olds.includes(element));
    if (removed.length + added.length > 0) return { before: listed(removed), after: listed(added) };
    // Only their order differs.
  }
  const start = Math.max(0, firstDifference(before ?? '', after ?? '') - charactersOfContext);
  return { before: excerpt(before, start), after: excerpt(after, start) };
}

function fits(json: string | undefined): boolean {
  return json === undefined || json.length <= maxCharacters;
}

function parsed(json: string | undefined): unknown {
  return json === undefined ? null : (JSON.parse(json) as unknown);
}

/** Of a list each element as JSON; a member that is not there is an empty one. */
function elementsOf(value: unknown): string[] | undefined {
  if (value === null) return [];
  return Array.isArray(value) ? value.map((element) => JSON.stringify(element)) : undefined;
}

/** `…` stands for the elements that are the same on both sides. */
function listed(elements: readonly string[]): string {
  const shown = elements.slice(0, maxElements).map((element) => shortened(element, charactersOfElement));
  const more = elements.length - shown.length;
  return ['…', ...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(' ');
}

function firstDifference(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return at;
}

function excerpt(json: string | undefined, start: number): string | null {
  return json === undefined ? null : shortened(start === 0 ? json : `…${json.slice(start)}`, maxCharacters);
}

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}
