import { Failure } from './failure.mjs';
import { runJest } from './jest-run.mjs';
import { Tally } from './tally.mjs';
import { prepareBuild } from '../prepare.mjs';

/**
 * HTTP specs of endpoints that the server dispatches without Express' router (libs/server/src/web/exact-routes.ts). They run
 * once more with every request going through the router, which must make no difference. exact-routes.http-spec.ts compares the
 * two for every fixed path in each run of the tests, so that the short form has one spec of each endpoint here.
 */
const exactRoutes = String.raw`apps/provider/test/http/(authorize|discovery|introspect|token-|userinfo|dpop|client-identity|cross-origin|errors)[a-z-]*\.http-spec\.ts$`;
const oneOfEach = String.raw`apps/provider/test/http/(authorize|discovery|introspect|token-code|userinfo)\.http-spec\.ts$`;

/**
 * Runs inside the copy, by the Node in question: builds the driver for it, then the domain and HTTP suites.
 * @param short only the domain, and these endpoints through the router
 */
export async function runSuites({ short }) {
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
    projects: short ? ['domain'] : projects,
    args: ['--testPathPatterns', 'libs/domain/', ...(short ? [] : [String.raw`\.http-spec\.ts$`])],
    env: { ...env, NODE_ENV: 'test' },
    label,
  });
  if (projects.includes('provider'))
    await runJest(tally, {
      projects: ['provider'],
      args: ['--testPathPatterns', short ? oneOfEach : exactRoutes],
      env: { ...env, NODE_ENV: 'test', GATEHOUSE_TEST_ROUTER: '1' },
      label: `${label}, through the router`,
    });
  tally.report();
}
