// Checks the sources against the import table (scripts/import-table.cjs), and the projects' dependencies against their layers.
// A check that reads no files finds no problems, so it must have read a minimum number of files of every project.
import './lib/node-version.mjs';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import extractOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { root } from './lib/root.mjs';

const { base, provider, client, platform, top, layers } = createRequire(import.meta.url)('./import-table.cjs');
const projects = ['libs/domain', 'libs/platform', 'apps/provider', 'apps/client'];
const tables = {
  'apps/provider/src': { ...base, ...provider },
  'apps/client/src': client,
  'libs/platform/src': platform,
};
const minFiles = 20;

process.chdir(root);
const problems = [...(await checkFiles()), ...checkModules(), ...checkProjects()];
for (const problem of problems) console.error(problem);
if (problems.length > 0) console.error(`\n${problems.length} problems with imports`);
process.exitCode = problems.length === 0 ? 0 : 1;

async function checkFiles() {
  const options = await extractOptions('./.dependency-cruiser.cjs');
  const folders = ['libs', 'apps'].flatMap((top) => readdirSync(top).map((name) => `${top}/${name}`));
  const { output } = await cruise(folders, { ...options, validate: true }, undefined, {
    tsConfig: extractTsConfig('tsconfig.base.json'),
  });
  const read = output.modules
    .map(({ source }) => source)
    .filter((path) => path.endsWith('.ts') && !path.includes('/dist/'));
  const counts = projects.map((project) => [project, read.filter((path) => path.startsWith(`${project}/src/`)).length]);
  console.log(`Imports read in ${counts.map(([project, count]) => `${project}: ${count}`).join(', ')} files.`);
  return [
    ...counts
      .filter(([, count]) => count <= minFiles)
      .map(([project, count]) => `${project}: read only ${count} files; the check does not work`),
    ...output.summary.violations.map(({ rule, from, to, cycle }) => {
      const path = cycle?.length > 0 ? cycle.map(({ name }) => name).join(' -> ') : to;
      const { comment } = options.ruleSet.forbidden.find(({ name }) => name === rule.name);
      return `${rule.name}: ${from} -> ${path}\n    ${comment}`;
    }),
  ];
}

/** Every folder is listed in its table, otherwise no rule applies to it, and every line of a table names a folder that exists. */
function checkModules() {
  return Object.entries(tables).flatMap(([source, table]) => {
    const names = [...Object.keys(table), ...(source.startsWith('apps/') ? top : [])];
    const folders = readdirSync(source, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [
      ...folders
        .filter(({ name }) => !names.some((known) => known === name || known.startsWith(`${name}/`)))
        .map(({ name }) => `${source}/${name}: add the new module to scripts/import-table.cjs`),
      ...names
        .filter((name) => !existsSync(join(source, name)))
        .map((name) => `scripts/import-table.cjs: ${source}/${name} does not exist`),
    ];
  });
}

/** Checks each project's dependencies against the layer of its tag. */
function checkProjects() {
  const found = ['libs', 'apps'].flatMap((top) => readdirSync(top).map((name) => readProject(join(top, name))));
  const layerOf = new Map(found.map(({ packageName, layer }) => [packageName, layer]));
  return found.flatMap(({ packageName, layer, dependencies }) => {
    if (layers[layer] === undefined)
      return [`${packageName}: its project.json has no tag layer:${Object.keys(layers).join('|')}`];
    return dependencies
      .filter((name) => layerOf.has(name) && !layers[layer].includes(layerOf.get(name)))
      .map((name) => `${packageName} (${layer}) depends on ${name} (${layerOf.get(name)})`);
  });
}

function readProject(folder) {
  const {
    name,
    dependencies = {},
    devDependencies = {},
  } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { tags = [] } = JSON.parse(readFileSync(join(folder, 'project.json'), 'utf8'));
  const layer = tags.find((tag) => tag.startsWith('layer:'))?.slice('layer:'.length);
  return { packageName: name, layer, dependencies: [...Object.keys(dependencies), ...Object.keys(devDependencies)] };
}
