// Checks docs/requirements.md and docs/asvs.md: every path exists, every row names a test (in docs/asvs.md every requirement that
// is met), and no row occurs twice.
import { existsSync, readFileSync } from 'node:fs';

const testFile = /(spec\.ts|apps\/e2e\/(chaos|peers)\/[a-z-]+\.mjs)`\s*\|$/;
const read = (file) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
const rowsOf = (text) => text.split('\n').filter((line) => line.startsWith('| '));
const repeatedIn = (list) => list.filter((each, at) => list.indexOf(each) < at);

/** @returns a message for each path that does not exist, and one if there are fewer than `minPaths` */
function missingPaths(file, text, minPaths) {
  const paths = [...text.matchAll(/`((?:apps|libs|examples|docs|scripts|deploy)\/[^`]+)`/g)].map(([, path]) => path);
  const missing = [...new Set(paths)].filter((path) => !existsSync(new URL(`../${path}`, import.meta.url)));
  return [
    ...missing.map((path) => `${file} names ${path}, which does not exist`),
    ...(paths.length < minPaths ? [`found only ${paths.length} paths in ${file}; the check does not work`] : []),
  ];
}

function requirementsProblems() {
  const file = 'docs/requirements.md';
  const text = read(file);
  const rows = rowsOf(text).filter((line) => line.includes('`'));
  return [
    ...missingPaths(file, text, 40),
    ...repeatedIn(rows).map((row) => `${file} has a line twice: ${row}`),
    ...rows.filter((row) => !testFile.test(row.trimEnd())).map((row) => `${file} has a line without a test: ${row}`),
  ];
}

function asvsProblems() {
  const file = 'docs/asvs.md';
  const text = read(file);
  const rows = rowsOf(text).filter((row) => /^\| \d+\.\d+\.\d+ \|/.test(row));
  const numbers = rows.map((row) => row.split(' | ')[0]);
  const statusOf = (row) => row.split(' | ')[2];
  const rowsByStatus = ['met', 'partly', 'not met', 'n/a'].map((status) =>
    rows.filter((row) => statusOf(row) === status),
  );
  const total = `| all | ${rowsByStatus.map(({ length }) => length).join(' | ')} |`;
  return [
    ...missingPaths(file, text, 100),
    ...repeatedIn(numbers).map((number) => `${file} has the requirement ${number} twice`),
    ...rows
      .filter((row) => !rowsByStatus.some((some) => some.includes(row)))
      .map((row) => `${file} has a row without a known status: ${row}`),
    ...rows
      .filter((row) => statusOf(row) === 'met' && !testFile.test(row) && !row.endsWith('| documentation |'))
      .map((row) => `${file} calls a requirement met without a test: ${row}`),
    ...(text.includes(total) ? [] : [`${file} counts wrongly: the last line of its first table is ${total}`]),
  ];
}

const problems = [...requirementsProblems(), ...asvsProblems()];
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exit(problems.length > 0 ? 1 : 0);
