// `npm run test:recovery`: point-in-time recovery of Gatehouse's PostgreSQL database, as docs/operations.md describes it.
// Requires PostgreSQL's tools (Debian: apt-get install postgresql). Takes about a minute.
import './lib/node-version.mjs';
import { existsSync } from 'node:fs';
import { programs } from '../apps/e2e/chaos/lib/provider.mjs';
import { Report } from '../apps/e2e/chaos/lib/report.mjs';
import { pointInTime } from '../apps/e2e/recovery/point-in-time.mjs';
import { Failure, runMain } from './lib/failure.mjs';

await runMain(async () => {
  if (!existsSync(programs.provider)) throw new Failure('the provider is not built: npm run build');
  const report = new Report('recovery');
  await pointInTime(report);
  console.log(`${report.passed} passed, ${report.failed} failed`);
  process.exit(report.failed === 0 ? 0 : 1);
});
