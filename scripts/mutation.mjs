// `npm run test:mutation`: mutation testing of libs/domain. Changes one operator, condition or literal at a time and runs the
// tests that cover it; prints every mutant that survives, and the score of each file.
//   npm run test:mutation                                            files of libs/domain changed since the merge base with main
//   npm run test:mutation -- --since v0.1.0                          files changed since a revision
//   npm run test:mutation -- libs/domain/src/oauth/token-exchange.ts the named files
import './lib/node-version.mjs';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { Stryker } from '@stryker-mutator/core';
import { changedFiles } from './lib/changes.mjs';
import { Failure, runMain } from './lib/failure.mjs';
import { root } from './lib/root.mjs';

const folder = 'libs/domain/src/';

await runMain(async () => {
  const files = await selectedFiles(process.argv.slice(2));
  if (files.length === 0) return console.log('No file of libs/domain has changed. Name the files to test.');
  if (specsOf(files).length === 0) throw new Failure(`No spec imports ${files.join(', ')}.`);
  process.chdir(root);
  const copies = mkdtempSync(join(tmpdir(), 'gatehouse-mutation-'));
  try {
    const mutants = await new Stryker(options(files, copies)).runMutationTest();
    reportSurvivors(mutants);
    reportScores(mutants);
  } finally {
    rmSync(copies, { recursive: true, force: true });
  }
});

/** @returns {Promise<string[]>} paths relative to the root */
async function selectedFiles(args) {
  const named = args[0] === '--since' ? [] : args;
  const files = named.length > 0 ? named : await changedFiles(args[1]);
  const paths = files.map((file) => (named.length > 0 ? relative(root, resolve(file)) : file));
  const isSource = (path) => path.startsWith(folder) && path.endsWith('.ts') && !path.endsWith('.spec.ts');
  const invalid = named.length > 0 && paths.find((path) => !isSource(path) || !existsSync(resolve(root, path)));
  if (invalid) throw new Failure(`${invalid} is not a source file below ${folder}.`);
  return paths.filter((path) => isSource(path) && !path.endsWith('/index.ts') && existsSync(resolve(root, path)));
}

/** The specs that import one of these files directly; a rule must be tested by its own spec. */
function specsOf(files) {
  const specs = readdirSync(join(root, folder), { recursive: true })
    .filter((path) => path.endsWith('.spec.ts'))
    .map((path) => `${folder}${path}`);
  const imports = files.map((file) => `/${basename(file, '.ts')}.js'`);
  return specs.filter((spec) => {
    const text = readFileSync(join(root, spec), 'utf8');
    return imports.some((name) => text.includes(name));
  });
}

function options(files, copies) {
  return {
    mutate: files,
    testRunner: 'jest',
    plugins: ['@stryker-mutator/jest-runner'],
    jest: {
      projectType: 'custom',
      configFile: 'libs/domain/jest.config.ts',
      config: { testMatch: specsOf(files).map((spec) => `**/${spec}`) },
      enableFindRelatedTests: true,
    },
    coverageAnalysis: 'perTest',
    // The mutated copy contains only what the domain's tests require.
    ignorePatterns: [
      '/*',
      '!/libs',
      '/libs/*',
      '!/libs/domain',
      '!/package.json',
      '!/jest.preset.ts',
      '!/tsconfig*.json',
    ],
    tempDirName: copies,
    reporters: ['progress'],
    logLevel: 'warn',
    concurrency: 2,
    // A mutant in an endless loop counts as killed; one that is slow on a busy machine must not.
    timeoutMS: 20_000,
  };
}

function pathOf({ fileName }) {
  return relative(root, resolve(root, fileName));
}

/** A mutant that no test covers has survived too. */
function survived({ status }) {
  return status === 'Survived' || status === 'NoCoverage';
}

function reportSurvivors(mutants) {
  for (const mutant of mutants.filter(survived)) {
    const { line, column } = mutant.location.start;
    const text = (mutant.replacement ?? '').replaceAll(/\s+/g, ' ').slice(0, 100);
    const notCovered = mutant.status === 'NoCoverage' ? '  (not covered)' : '';
    console.log(`${pathOf(mutant)}:${line}:${column}  ${mutant.mutatorName} -> ${text}${notCovered}`);
  }
}

function reportScores(mutants) {
  const counted = mutants.filter((mutant) => survived(mutant) || ['Killed', 'Timeout'].includes(mutant.status));
  const paths = new Set(counted.map(pathOf));
  if (counted.length === 0) return console.log('These files contain nothing to mutate.');
  console.log('');
  for (const path of [...paths].sort())
    console.log(
      scoreLine(
        path,
        counted.filter((mutant) => pathOf(mutant) === path),
      ),
    );
  console.log(scoreLine('All', counted));
}

function scoreLine(name, mutants) {
  const killed = mutants.filter((mutant) => !survived(mutant)).length;
  return `${name}: ${killed} of ${mutants.length} mutants killed (${Math.floor((100 * killed) / mutants.length)} %)`;
}
