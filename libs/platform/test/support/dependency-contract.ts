import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The internals of a dependency that this code uses although they are not public API. A new version may change them without
 * notice, so a spec checks each contract against the installed version.
 */
export interface DependencyContract {
  /** The ADR that explains the benefit of the internals, and the alternative. */
  readonly adr: string;
  /** Versions whose internals were reviewed, by package. */
  readonly reviewed: Readonly<Record<string, string>>;
  readonly members: readonly ExpectedMember[];
}

export interface ExpectedMember {
  /** For example `Connection.prototype`. */
  readonly owner: string;
  readonly target: object;
  readonly name: string;
  readonly type: 'function' | 'object' | 'number' | 'string';
  /** Number of declared parameters of a function that is called with positional arguments. */
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

/** The violations of a contract, one sentence each, with the ADR to read. */
export function violations(contract: DependencyContract): string[] {
  const found = [
    ...contract.members.flatMap(memberViolation),
    ...Object.entries(contract.reviewed).flatMap(([name, version]) => {
      const installed = installedVersion(name);
      return installed === version
        ? []
        : [`${name} ${installed} is installed, but the internals were reviewed in ${version}`];
    }),
  ];
  return found.map((violation) => `${violation}: read ${contract.adr}`);
}

function memberViolation({ owner, target, name, type, parameters }: ExpectedMember): string[] {
  const member: unknown = Reflect.get(target, name);
  const actual = member === null ? 'null' : typeof member;
  if (actual !== type) return [`${owner}.${name} is ${actual}, not ${type}`];
  if (typeof member === 'function' && parameters !== undefined && member.length !== parameters)
    return [`${owner}.${name} has ${member.length} parameters, not ${parameters}`];
  return [];
}

/** A copy of the contract with one member replaced, which does not change the dependency. */
export function withMember(contract: DependencyContract, member: ExpectedMember, value: unknown): DependencyContract {
  const target: object = Object.create(member.target, { [member.name]: { value } }) as object;
  return { ...contract, members: contract.members.map((other) => (other === member ? { ...other, target } : other)) };
}

/** The version in `libs/platform/package.json`. */
export function declaredVersion(packageName: string): string | undefined {
  const path = join(__dirname, '../../package.json');
  const { dependencies } = JSON.parse(readFileSync(path, 'utf8')) as { dependencies: Record<string, string> };
  return dependencies[packageName];
}

/** The version of the package that the code loads. Does not use `require`, because a package may not export its package.json. */
function installedVersion(packageName: string): string {
  for (const folder of require.resolve.paths(packageName) ?? []) {
    try {
      return (JSON.parse(readFileSync(join(folder, packageName, 'package.json'), 'utf8')) as { version: string })
        .version;
    } catch {
      // Try the parent folder.
    }
  }
  return 'nowhere';
}
