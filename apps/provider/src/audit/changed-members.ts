/** How a member changed, as the audit log keeps it. `null` stands for a member that is not there. */
export interface ChangedMember {
  readonly before: unknown;
  readonly after: unknown;
}

/** The members that changed, by name; of secrets it is only said that they did. */
export type Changes = Readonly<Record<string, ChangedMember | 'changed'>>;

const mostMembers = 50;
const mostCharacters = 300;

/**
 * The members that differ between two states of a record, by name. Values are as JSON has them; long ones are cut.
 * @param secrets members of which is only said that they changed
 */
export function changedMembers(before: object, after: object, secrets: readonly string[] = []): Changes {
  const [old, new_] = [membersOf(before), membersOf(after)];
  const names = [...new Set([...old.keys(), ...new_.keys()])].sort();
  const changed = names.filter((name) => old.get(name) !== new_.get(name)).slice(0, mostMembers);
  return Object.fromEntries(
    changed.map((name) => [
      name,
      secrets.includes(name) ? 'changed' : { before: shortened(old.get(name)), after: shortened(new_.get(name)) },
    ]),
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

function shortened(json: string | undefined): unknown {
  if (json === undefined) return null;
  return json.length <= mostCharacters ? (JSON.parse(json) as unknown) : `${json.slice(0, mostCharacters)}…`;
}
