import { Failure } from './failure.mjs';
import { runJest } from './jest-run.mjs';
import { Tally } from './tally.mjs';
import { prepareBuild } from '../prepare.mjs';

/** Runs inside the copy, by the Node in question: builds the driver for it, then the domain and HTTP suites. */
export async function runSuites() {
  const label = `Node ${process.versions.node}`;
  const tally = new Tally();
  let projects = ['domain', 'server', 'provider', 'client'];
  try {
    await prepareBuild();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(error.message);
    tally.fail(`${label}: the SQLite driver could not be built for it; only the domain was tested`);
    projects = ['domain'];
  }
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GATEHOUSE_')));
  await runJest(tally, {
    projects,
    args: ['--testPathPatterns', 'libs/domain/', String.raw`\.http-spec\.ts$`],
    env: { ...env, NODE_ENV: 'test' },
    label,
  });
  tally.report();
}
