// Checks that SQL uses only tables whose entity is in the same module (the longest name of scripts/import-table.cjs that is a
// prefix of the file's path). SQL that uses another module's tables is listed in scripts/sql-exceptions.json with its reason; an
// unused exception is an error too. Migrations are not checked.
import './lib/node-version.mjs';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from './lib/root.mjs';
import { readStatements } from './lib/sql-statements.mjs';

const { base, provider, client, top } = createRequire(import.meta.url)('./import-table.cjs');
const applications = {
  'apps/provider/src': [...Object.keys(base), ...Object.keys(provider), ...top],
  'apps/client/src': [...Object.keys(client), ...top],
};
/** Tables that have no entity, because triggers fill them, and the module that reads them. */
const tablesWithoutEntity = { 'apps/provider/src': { user_search: 'users', user_search_trigrams: 'users' } };
const exceptionsFile = 'scripts/sql-exceptions.json';
/** A check that reads no statements finds no problems. */
const minStatements = { 'apps/provider/src': 200, 'apps/client/src': 15 };
const minReasonLength = 20;

process.chdir(root);
const exceptions = JSON.parse(readFileSync(exceptionsFile, 'utf8'));
const used = new Set();
const problems = [...Object.keys(applications).flatMap(checkApplication), ...checkExceptions()];
for (const problem of problems) console.error(problem);
if (problems.length > 0) console.error(`\n${problems.length} problems with tables of other modules`);
process.exitCode = problems.length === 0 ? 0 : 1;

function checkApplication(folder) {
  const files = readdirSync(folder, { recursive: true })
    .map((name) => `${folder}/${name}`)
    .filter((path) => path.endsWith('.ts') && !/\.(spec|fixture)\.ts$|\/migrations\//.test(path));
  const owners = tableOwners(folder, files);
  const found = readStatements(files).map((one) => ({ ...one, tables: tablesIn(one.sql, owners) }));
  const named = found.filter(({ name }) => name !== undefined);
  console.log(`${folder}: ${named.length} statements, ${owners.size} tables`);
  const read = named.filter(({ tables }) => tables.length > 0).length;
  return [
    ...(read < minStatements[folder]
      ? [`${folder}: found tables in only ${read} statements; the check does not work`]
      : []),
    ...[...new Set(found.flatMap((one) => checkTables(folder, one, owners)))],
  ];
}

/** The module of each table: that of its entity. */
function tableOwners(folder, files) {
  const entities = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/^@Entity\('(\w+)'/gm)].map(([, table]) => [table, moduleOf(folder, file)]),
  );
  return new Map([...entities, ...Object.entries(tablesWithoutEntity[folder] ?? {})]);
}

function moduleOf(folder, file) {
  const path = file.slice(folder.length + 1);
  const matching = applications[folder].filter((name) => path.startsWith(`${name}/`));
  return matching.sort((one, other) => other.length - one.length)[0] ?? path;
}

/** Includes `FROM one a, another b` and quoted tables. The SQL of the sources writes keywords in capitals. */
function tablesIn(sql, owners) {
  const lists = sql.matchAll(
    /\b(?:FROM|JOIN|INTO|UPDATE|USING)\s+(?:ONLY\s+)?("?\w+"?(?:(?:\s+AS)?\s+[a-z]\w*)?(?:\s*,\s*"?\w+"?(?:(?:\s+AS)?\s+[a-z]\w*)?)*)/g,
  );
  const names = [...lists].flatMap(([, list]) => list.split(',').map((part) => /\w+/.exec(part)[0]));
  return [...new Set(names)].filter((name) => owners.has(name));
}

function checkTables(folder, { file, line, name, tables }, owners) {
  const own = moduleOf(folder, file);
  return tables
    .filter((table) => owners.get(table) !== own && !isException(folder, { file, name, table }))
    .map(
      (table) =>
        `${file}:${line}: ${name ?? 'SQL'} uses ${table}, a table of ${owners.get(table)}; call that module, or add an exception with a reason to ${exceptionsFile}`,
    );
}

/** Exceptions name a statement, or the file of SQL that is not a named statement. */
function isException(folder, { file, name, table }) {
  const place = name ?? file;
  const matching = exceptions[folder].filter((one) => one.tables.includes(table) && one.in.includes(place));
  for (const one of matching) used.add(exceptionKey(one, place)).add(exceptionKey(one, table));
  return matching.length > 0;
}

function checkExceptions() {
  return Object.values(exceptions)
    .flat()
    .flatMap((one) => [
      ...[...one.in, ...one.tables]
        .filter((part) => !used.has(exceptionKey(one, part)))
        .map((part) => `${exceptionsFile}: ${part} (of ${one.in[0]}) is an unused exception; delete it`),
      ...(one.reason.length < minReasonLength
        ? [`${exceptionsFile}: ${one.in[0]} requires a reason of at least ${minReasonLength} characters`]
        : []),
    ]);
}

function exceptionKey(one, part) {
  return `${one.in.join()} ${one.tables.join()} ${part}`;
}
