import { Failure } from './failure.mjs';
import { runJest } from './jest-run.mjs';
import { Tally } from './tally.mjs';
import { prepareBuild } from '../prepare.mjs';

/**
 * HTTP specs of endpoints that the server dispatches without Express' router (libs/platform/src/http/exact-routes.ts). They run
 * a second time with every request routed by Express, with the same expectations. (exact-routes.http-spec.ts compares both for
 * every fixed path in each run of the tests.)
 */
const exactRoutes = String.raw`apps/provider/test/http/(authorize|discovery|introspect|token-|userinfo|dpop|client-identity|cross-origin|errors)[a-z-]*\.http-spec\.ts$`;

/**
 * Runs inside the copy on the tested Node: builds the driver for it, then runs the domain and HTTP suites.
 * @param short runs only the domain suite, which requires no driver
 */
export async function runSuites({ short }) {
  const label = `Node ${process.versions.node}`;
  const tally = new Tally();
  const env = environment();
  if (short) {
    await runJest(tally, { projects: ['domain'], env, label });
    return tally.report();
  }
  let projects = ['domain', 'platform', 'provider', 'client'];
  try {
    await prepareBuild();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(error.message);
    tally.fail(`${label}: the SQLite driver could not be built for it; only the domain was tested`);
    projects = ['domain'];
  }
  await runJest(tally, {
    projects,
    args: ['--testPathPatterns', 'libs/domain/', String.raw`\.http-spec\.ts$`],
    env,
    label,
  });
  if (projects.includes('provider'))
    await runJest(tally, {
      projects: ['provider'],
      args: ['--testPathPatterns', exactRoutes],
      env: { ...env, GATEHOUSE_TEST_ROUTER: '1' },
      label: `${label}, through the router`,
    });
  tally.report();
}

/** The environment without Gatehouse settings of the developer. */
function environment() {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('GATEHOUSE_'));
  return { ...Object.fromEntries(inherited), NODE_ENV: 'test' };
}
