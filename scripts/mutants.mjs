// `npm run test:mutants`: applies one fault at a time in a copy of the checkout and expects the specs named for it to fail. The
// last line is `N passed, N failed`; faults that no test detected are listed above it.
//   npm run test:mutants [-- WORD…]     only mutants whose name, file or list contains one of the words
//   npm run test:mutants -- --check     only checks that every mutant still applies, as `npm test` does
import './lib/node-version.mjs';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, runMain } from './lib/failure.mjs';
import { MutantCheckout } from './lib/mutant-checkout.mjs';
import { problemsOf, readMutants } from './lib/mutants.mjs';
import { startPostgres } from './lib/postgres.mjs';
import { showProgress } from './lib/progress.mjs';
import { Tally } from './lib/tally.mjs';
import { copyCheckout } from './lib/working-copy.mjs';
import { prepareBuild } from './prepare.mjs';

const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const checkOnly = process.argv.includes('--check');

await runMain(async () => {
  const tally = new Tally();
  const all = await readMutants();
  for (const mutant of all) {
    const problems = problemsOf(mutant);
    if (problems.length > 0) tally.fail(problems.join('\n  '));
    else if (checkOnly) tally.pass();
  }
  if (checkOnly || tally.failed > 0) return tally.report();

  const selected = all.filter(
    ({ name, file, list }) =>
      words.length === 0 || words.some((word) => [name, file, list].some((text) => text.includes(word))),
  );
  if (selected.length === 0) throw new Failure(`No mutant has ${words.join(' or ')} in its name, file or list.`);
  await prepareBuild();
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gatehouse-mutants-')));
  let postgres;
  const cleanUp = async () => {
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, () => void cleanUp().then(() => process.exit(130)));
  try {
    const progress = showProgress('Copying the checkout');
    copyCheckout(folder);
    progress.done();
    postgres = await startPostgres();
    await runMutants(tally, selected, new MutantCheckout(folder, postgres.url));
  } finally {
    await cleanUp();
  }
  tally.report();
});

async function runMutants(tally, mutants, checkout) {
  const problem = await problemWithoutMutant(mutants, checkout);
  if (problem !== undefined) return tally.fail(problem);
  for (const mutant of mutants) {
    const startedAt = Date.now();
    const failures = await checkout.mutated(mutant, () => undetected(mutant, checkout));
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    if (failures.length === 0) {
      tally.pass();
      console.log(`killed    ${mutant.name} (${seconds} s)`);
    } else {
      tally.fail(`${mutant.name} (${mutant.file}): ${failures.join('; ')}`);
      console.log(`SURVIVED  ${mutant.name} (${seconds} s)`);
    }
  }
}

/** A failure must be caused by the mutant: without one, every spec must pass, and every named test must exist. */
async function problemWithoutMutant(mutants, checkout) {
  const killers = mutants.flatMap((mutant) => mutant.killers);
  const progress = showProgress('Running the specs without a mutant');
  const suites = await checkout.run(killers);
  const [failedSuite] = suites.filter((suite) => suite.status === 'failed');
  if (failedSuite) {
    progress.failed();
    return `without a mutant ${failedSuite.spec} fails: ${failedSuite.message}`;
  }
  progress.done();
  for (const killer of killers)
    for (const database of killer.on ?? [''])
      if (!testsOf(suites, killer, database).some(({ status }) => status === 'passed'))
        return `${killer.spec} has no test ${killer.test ?? ''} ${database}`;
  return undefined;
}

/** The killers that did not fail. */
async function undetected({ killers }, checkout) {
  const suites = await checkout.run(killers);
  return killers.flatMap((killer) => {
    const suite = suites.find(({ spec }) => spec === killer.spec);
    // A spec that cannot be loaded shows that the mutant does not compile, not that a test detected it.
    if (!suite || suite.tests.length === 0) return [`${killer.spec} could not run: ${suite?.message ?? ''}`];
    return (killer.on ?? [''])
      .filter((database) => !testsOf(suites, killer, database).some(({ status }) => status === 'failed'))
      .map((database) => `${killer.spec} passed${database === '' ? '' : ` on ${database}`}`);
  });
}

function testsOf(suites, { spec, test }, database) {
  const suite = suites.find((each) => each.spec === spec);
  return (suite?.tests ?? []).filter(
    ({ fullName }) => (test === undefined || test.test(fullName)) && fullName.includes(database),
  );
}
