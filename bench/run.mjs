// npm run bench: measures Gatehouse and the servers that it is compared with in one run. See bench/README.md.
import '../scripts/lib/node-version.mjs';
import { runMain } from '../scripts/lib/failure.mjs';
import { readOptions } from './lib/options.mjs';
import { prepare } from './lib/prepare.mjs';

await runMain(async () => {
  const options = readOptions();
  if (options.report !== undefined) return (await import('./report/report.mjs')).reportAgain(options.report);
  await prepare();
  // Imported here, because `prepare` may have installed their dependencies just now.
  if (options.profile) await (await import('./profile.mjs')).profile(options);
  else await (await import('./measure.mjs')).measure(options);
});
