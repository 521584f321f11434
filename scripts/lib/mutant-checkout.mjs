import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from './command.mjs';
import { Failure } from './failure.mjs';

/** A copy of the checkout, in which mutants are applied and specs are run. */
export class MutantCheckout {
  #folder;
  #environment;

  constructor(folder, postgresUrl) {
    this.#folder = folder;
    const others = Object.entries(process.env).filter(([name]) => !name.startsWith('GATEHOUSE_'));
    this.#environment = {
      ...Object.fromEntries(others),
      NODE_ENV: 'test',
      GATEHOUSE_TEST_POSTGRES_URL: postgresUrl,
    };
  }

  /** Runs `work` with the mutant applied. Specs that start processes rebuild outputs that are older than their sources. */
  async mutated({ file, find, replace }, work) {
    const path = join(this.#folder, file);
    const original = readFileSync(path, 'utf8');
    // A function, because the replacement may contain a $.
    writeFileSync(
      path,
      original.replace(find, () => replace),
    );
    try {
      return await work();
    } finally {
      writeFileSync(path, original);
    }
  }

  /** @returns each spec with its tests that ran */
  async run(killers) {
    const specs = [...new Set(killers.map(({ spec }) => spec))];
    const outputFile = join(this.#folder, 'results.json');
    rmSync(outputFile, { force: true });
    const { stderr } = await capture(
      process.execPath,
      [
        join(this.#folder, 'node_modules/jest/bin/jest.js'),
        // A spec that a mutant interrupts may leave connections open.
        ...['--ci', '--json', `--outputFile=${outputFile}`, '--silent', '--forceExit', ...testNameArguments(killers)],
        ...['--runTestsByPath', ...specs.map((spec) => join(this.#folder, spec))],
      ],
      { cwd: this.#folder, env: this.#environment },
    );
    return readResults(outputFile, stderr).map((suite) => ({
      spec: suite.name.slice(this.#folder.length + 1).replaceAll('\\', '/'),
      status: suite.status,
      message: suite.message.trim().slice(0, 2000),
      tests: suite.assertionResults.filter(({ status }) => status !== 'pending'),
    }));
  }
}

/** Selects only the named tests, if every killer of this run names some. */
function testNameArguments(killers) {
  if (killers.some(({ test }) => test === undefined)) return [];
  return ['--testNamePattern', [...new Set(killers.map(({ test }) => `(${test.source})`))].join('|')];
}

function readResults(path, stderr) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).testResults;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    throw new Failure(`Jest produced no results:\n${stderr.trim().slice(-2000)}`);
  }
}
