// Every path that docs/requirements.md names exists, every test there is a test, and no line is there twice.
import { existsSync, readFileSync } from 'node:fs';

const text = readFileSync(new URL('../docs/requirements.md', import.meta.url), 'utf8');
const paths = [...text.matchAll(/`((?:apps|libs|examples)\/[^`]+)`/g)].map(([, path]) => path);
const dead = paths.filter((path) => !existsSync(new URL(`../${path}`, import.meta.url)));
const untested = text
  .split('\n')
  .filter(
    (line) =>
      line.startsWith('| ') &&
      line.includes('`') &&
      !/(spec\.ts|apps\/e2e\/chaos\/[a-z-]+\.mjs)`\s*\|$/.test(line.trimEnd()),
  );
const rows = text.split('\n').filter((line) => line.startsWith('| ') && line.includes('`'));
const repeated = rows.filter((row, at) => rows.indexOf(row) < at);
for (const row of repeated) process.stderr.write(`docs/requirements.md has a line twice: ${row}\n`);
for (const path of dead) process.stderr.write(`docs/requirements.md names ${path}, which does not exist\n`);
for (const line of untested) process.stderr.write(`docs/requirements.md has a line without a test: ${line}\n`);
if (paths.length < 40) process.stderr.write('docs/requirements.md was not read\n');
process.exit(dead.length + untested.length + repeated.length > 0 || paths.length < 40 ? 1 : 0);
