// `npm run test:upgrade`: builds the previous release from the Git history, upgrades its database under load on SQLite and
// PostgreSQL while its processes still run, then rolls back. Run it before a release. Takes about ten minutes on two cores.
import './lib/node-version.mjs';
import { existsSync } from 'node:fs';
import { programs } from '../apps/e2e/chaos/lib/provider.mjs';
import { temporaryFolder } from '../apps/e2e/chaos/lib/folder.mjs';
import { Report } from '../apps/e2e/chaos/lib/report.mjs';
import { rollingUpgrade } from '../apps/e2e/upgrade/rolling-upgrade.mjs';
import { Failure, runMain } from './lib/failure.mjs';
import { buildPreviousRelease, previousRelease } from './lib/previous-release.mjs';
import { loadContent } from './lib/release-content.mjs';

const requests = 100;

await runMain(async () => {
  if (!existsSync(programs.provider)) throw new Failure('the provider is not built: npm run build');
  console.log(`building the previous release, ${previousRelease.slice(0, 12)}`);
  const previous = await buildPreviousRelease(temporaryFolder());
  const content = await loadContent();
  const reports = [];
  for (const engine of ['SQLite', 'PostgreSQL']) {
    const report = new Report(engine);
    reports.push(report);
    try {
      await rollingUpgrade(report, { engine, previous, content, requests });
    } catch (error) {
      report.check('completes', false, error.stack ?? error.message);
    }
  }
  const sum = (kind) => reports.reduce((total, report) => total + report[kind], 0);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
  process.exit(sum('failed') === 0 ? 0 : 1);
});
