import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './root.mjs';

/**
 * @typedef {object} Killer a spec that must turn red
 * @property {string} spec its path
 * @property {RegExp} [test] which of its tests, by their full names; all when left out
 * @property {readonly ('SQLite' | 'PostgreSQL')[]} [on] on each of these a test fails, whose full name says which; when
 *   left out, any failing test is enough
 *
 * @typedef {object} Mutant one fault that the tests must notice
 * @property {string} name what no longer holds
 * @property {string} file
 * @property {string} find stands in the file exactly once
 * @property {string} replace
 * @property {readonly Killer[]} killers
 */

const folder = join(root, 'scripts/mutants');

/** @returns {Promise<(Mutant & { list: string })[]>} all mutants, each with the name of the list that it stands in */
export async function readMutants() {
  const lists = readdirSync(folder)
    .filter((name) => name.endsWith('.mjs'))
    .sort();
  const modules = await Promise.all(
    lists.map(async (list) => ({ list, ...(await import(pathToFileURL(join(folder, list)).href)) })),
  );
  return modules.flatMap(({ list, mutants }) => mutants.map((mutant) => ({ ...mutant, list })));
}

/** @returns {string[]} what is wrong with a mutant; nothing where it can be applied */
export function problemsOf({ name, file, find, replace, killers }) {
  const problems = [];
  const complain = (text) => problems.push(`${name}: ${text}`);
  const isFile = (path) => existsSync(join(root, path)) && statSync(join(root, path)).isFile();
  if (!isFile(file)) complain(`there is no ${file}`);
  else {
    const times = readFileSync(join(root, file), 'utf8').split(find).length - 1;
    if (times !== 1) complain(`its text stands ${times} times in ${file}, not once: ${find}`);
  }
  if (find === replace) complain('it changes nothing');
  if (killers.length === 0) complain('no spec is named that must turn red');
  for (const { spec } of killers) if (!isFile(spec)) complain(`there is no ${spec}`);
  return problems;
}
