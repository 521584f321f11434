import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './root.mjs';

/**
 * @typedef {object} Killer a spec that must fail
 * @property {string} spec its path
 * @property {RegExp} [test] matches the full names of its tests; by default all tests
 * @property {readonly ('SQLite' | 'PostgreSQL')[]} [on] for each of these databases, a test must fail whose full name contains it;
 *   by default one failing test is enough
 *
 * @typedef {object} Mutant a fault that the tests must detect
 * @property {string} name the fault
 * @property {string} file
 * @property {string} find occurs exactly once in the file
 * @property {string} replace
 * @property {readonly Killer[]} killers
 */

const folder = join(root, 'scripts/mutants');

/** @returns {Promise<(Mutant & { list: string })[]>} all mutants, each with the file name of its list */
export async function readMutants() {
  const lists = readdirSync(folder)
    .filter((name) => name.endsWith('.mjs'))
    .sort();
  const modules = await Promise.all(
    lists.map(async (list) => ({ list, ...(await import(pathToFileURL(join(folder, list)).href)) })),
  );
  return modules.flatMap(({ list, mutants }) => mutants.map((mutant) => ({ ...mutant, list })));
}

/** @returns {string[]} why a mutant cannot be applied; empty if it can */
export function problemsOf({ name, file, find, replace, killers }) {
  const problems = [];
  const report = (text) => problems.push(`${name}: ${text}`);
  const isFile = (path) => existsSync(join(root, path)) && statSync(join(root, path)).isFile();
  if (!isFile(file)) report(`${file} does not exist`);
  else {
    const times = readFileSync(join(root, file), 'utf8').split(find).length - 1;
    if (times !== 1) report(`its text occurs ${times} times in ${file}, not once: ${find}`);
  }
  if (find === replace) report('it changes nothing');
  if (killers.length === 0) report('it names no spec that must fail');
  for (const { spec } of killers) if (!isFile(spec)) report(`${spec} does not exist`);
  return problems;
}
