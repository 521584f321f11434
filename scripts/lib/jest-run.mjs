import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { runInherited } from './command.mjs';
import { root } from './root.mjs';

export const jestProgram = join(root, 'node_modules/jest/bin/jest.js');

/**
 * Runs Jest and counts each test, and each suite that could not run.
 * @param options  { projects, args, env, label, skipped: 'fail' | 'allow' } skipped: whether a skipped test is a failure
 */
export async function runJest(tally, { projects, args = [], env = process.env, label = 'Jest', skipped = 'fail' }) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-jest-'));
  const outputFile = join(folder, 'results.json');
  const workers = Math.max(1, Math.min(4, availableParallelism()));
  const status = await runInherited(
    process.execPath,
    [
      jestProgram,
      ...['--selectProjects', ...projects],
      ...['--ci', '--json', `--outputFile=${outputFile}`, `--maxWorkers=${workers}`, ...args],
    ],
    { env },
  );
  try {
    count(tally, JSON.parse(readFileSync(outputFile, 'utf8')), { label, skipped, status });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    tally.fail(`${label} ended with status ${status} and no results`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function count(tally, results, { label, skipped, status }) {
  tally.pass(results.numPassedTests);
  let failures = 0;
  const fail = (text) => {
    failures++;
    tally.fail(`${label}: ${text}`);
  };
  for (const suite of results.testResults) {
    const name = relative(root, suite.name);
    const failed = suite.assertionResults.filter((each) => each.status === 'failed');
    for (const each of failed) fail(`${name} › ${each.fullName}`);
    if (suite.status === 'failed' && failed.length === 0) fail(`${name} could not run`);
    const pending = suite.assertionResults.filter((each) => each.status === 'pending');
    if (skipped === 'fail') for (const each of pending) fail(`${name} › ${each.fullName} (was skipped)`);
  }
  if (status !== 0 && failures === 0) fail(`ended with status ${status}`); // for example because it found no tests
}
