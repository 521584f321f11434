// Checks that SQL names only tables whose entity is in the same module (the longest name of scripts/import-table.cjs that fits
// the file's path). What reaches into another module's tables is listed with its reason in scripts/sql-exceptions.json; an
// exception that nothing needs any more is an error too. Migrations are left out: the schema is in their hands.
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
/** Tables that triggers fill, and so without an entity, by the module that reads them. */
const withoutEntity = { 'apps/provider/src': { user_search: 'users', user_search_trigrams: 'users' } };
const exceptionsFile = 'scripts/sql-exceptions.json';
/** A checker that reads nothing finds nothing wrong. */
const fewest = { 'apps/provider/src': 200, 'apps/client/src': 15 };
const shortestReason = 20;

process.chdir(root);
const exceptions = JSON.parse(readFileSync(exceptionsFile, 'utf8'));
const needed = new Set();
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
    ...(read < fewest[folder]
      ? [`${folder}: tables were found in only ${read} statements; the check sees nothing`]
      : []),
    ...[...new Set(found.flatMap((one) => checkTables(folder, one, owners)))],
  ];
}

/** Which module each table belongs to: that of its entity. */
function tableOwners(folder, files) {
  const entities = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/^@Entity\('(\w+)'/gm)].map(([, table]) => [table, moduleOf(folder, file)]),
  );
  return new Map([...entities, ...Object.entries(withoutEntity[folder] ?? {})]);
}

function moduleOf(folder, file) {
  const path = file.slice(folder.length + 1);
  const fitting = applications[folder].filter((name) => path.startsWith(`${name}/`));
  return fitting.sort((one, other) => other.length - one.length)[0] ?? path;
}

/** Also `FROM one a, another b`, and tables that are quoted. Keywords are in capitals in all SQL of the sources. */
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
        `${file}:${line}: ${name ?? 'SQL'} names ${table}, a table of ${owners.get(table)}; call that module, or give the reason in ${exceptionsFile}`,
    );
}

/** By the statement's name; SQL that is no named statement, by its file. */
function isException(folder, { file, name, table }) {
  const place = name ?? file;
  const fitting = exceptions[folder].filter((one) => one.tables.includes(table) && one.in.includes(place));
  for (const one of fitting) needed.add(use(one, place)).add(use(one, table));
  return fitting.length > 0;
}

function checkExceptions() {
  return Object.values(exceptions)
    .flat()
    .flatMap((one) => [
      ...[...one.in, ...one.tables]
        .filter((part) => !needed.has(use(one, part)))
        .map((part) => `${exceptionsFile}: ${part} (of ${one.in[0]}) is an exception that nothing needs; delete it`),
      ...(one.reason.length < shortestReason ? [`${exceptionsFile}: ${one.in[0]} needs a reason`] : []),
    ]);
}

function use(one, part) {
  return `${one.in.join()} ${one.tables.join()} ${part}`;
}
