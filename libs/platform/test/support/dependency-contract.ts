import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What our code takes from a dependency that is not its public API. A new version may change any of it without notice, so a
 * spec holds each contract against the installed version.
 */
export interface DependencyContract {
  /** Says what the code gains by it, and how to do without. */
  readonly adr: string;
  /** Versions whose internals were read, by package. */
  readonly reviewed: Readonly<Record<string, string>>;
  readonly members: readonly ExpectedMember[];
}

export interface ExpectedMember {
  /** As in `Connection.prototype`. */
  readonly owner: string;
  readonly target: object;
  readonly name: string;
  readonly type: 'function' | 'object' | 'number' | 'string';
  /** Declared parameters of a function that is given arguments by position. */
  readonly parameters?: number;
}

/** Several functions of one object, with the number of their parameters. */
export function functionsOf(
  owner: string,
  target: object,
  parameters: Readonly<Record<string, number>>,
): ExpectedMember[] {
  return Object.entries(parameters).map(([name, count]) => ({
    owner,
    target,
    name,
    type: 'function',
    parameters: count,
  }));
}

/** What of a contract does not hold, one sentence each, with the ADR to read. */
export function violations(contract: DependencyContract): string[] {
  const found = [
    ...contract.members.flatMap(memberViolation),
    ...Object.entries(contract.reviewed).flatMap(([name, version]) => {
      const installed = installedVersion(name);
      return installed === version
        ? []
        : [`${name} ${installed} is installed, and the internals that we use were reviewed in ${version}`];
    }),
  ];
  return found.map((violation) => `${violation}: read ${contract.adr}`);
}

function memberViolation({ owner, target, name, type, parameters }: ExpectedMember): string[] {
  const member: unknown = Reflect.get(target, name);
  const actual = member === null ? 'null' : typeof member;
  if (actual !== type) return [`${owner}.${name} is ${actual}, and not ${type}`];
  if (typeof member === 'function' && parameters !== undefined && member.length !== parameters)
    return [`${owner}.${name} takes ${member.length} parameters, and not ${parameters}`];
  return [];
}

/** A copy of the contract in which one member is another, and the dependency itself is untouched. */
export function withMember(contract: DependencyContract, member: ExpectedMember, value: unknown): DependencyContract {
  const target: object = Object.create(member.target, { [member.name]: { value } }) as object;
  return { ...contract, members: contract.members.map((other) => (other === member ? { ...other, target } : other)) };
}

/** Which version `libs/platform/package.json` names. */
export function declaredVersion(packageName: string): string | undefined {
  const path = join(__dirname, '../../package.json');
  const { dependencies } = JSON.parse(readFileSync(path, 'utf8')) as { dependencies: Record<string, string> };
  return dependencies[packageName];
}

/** Of the package that the code loads. Not by `require`: a package may export no package.json. */
function installedVersion(packageName: string): string {
  for (const folder of require.resolve.paths(packageName) ?? []) {
    try {
      return (JSON.parse(readFileSync(join(folder, packageName, 'package.json'), 'utf8')) as { version: string })
        .version;
    } catch {
      // It is in the next folder up.
    }
  }
  return 'nowhere';
}
