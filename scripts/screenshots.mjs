// Takes the screenshots of docs/screenshots (1280 wide, light), or with --all of every page of both applications, wide and
// narrow, light and dark, in a separate folder; with --compare, compares them with those of an earlier run:
//   node scripts/screenshots.mjs [--all [FOLDER] [--compare EARLIER_FOLDER]]
// The browser tests of every page, second factors and passkeys take them (apps/e2e/test/support/portrait.ts), so they show real
// processes and include every page. Build first: npm run build.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { comparePictures } from './lib/compare-pictures.mjs';
import { root } from './lib/root.mjs';

const usage = 'Usage: node scripts/screenshots.mjs [--all [FOLDER] [--compare EARLIER_FOLDER]]';

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      options: { all: { type: 'boolean', default: false }, compare: { type: 'string' } },
      allowPositionals: true,
    });
    const isValid = positionals.length <= (values.all ? 1 : 0) && (values.all || values.compare === undefined);
    if (isValid) return { ...values, folder: positionals[0] };
  } catch (error) {
    console.error(error.message);
  }
  console.error(usage);
  process.exit(2);
}

const { all, compare, folder } = readArguments();
const target = all
  ? resolve(folder ?? mkdtempSync(join(tmpdir(), 'gatehouse-screenshots-')))
  : join(root, 'docs/screenshots');
const earlier = compare === undefined ? undefined : resolve(compare);
if (earlier !== undefined && (!existsSync(earlier) || earlier === target)) {
  console.error(earlier === target ? '--compare needs the folder of another run' : `${earlier} does not exist`);
  process.exit(2);
}
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
const run = spawnSync(
  process.execPath,
  [jest, '--selectProjects=e2e', '--testPathPatterns=every-page|second-factor|passkeys'],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, SCREENSHOTS_DIR: target, SCREENSHOTS_ALL: all ? '1' : '0' },
  },
);
console.log(`screenshots are in ${target}`);
if (earlier !== undefined) {
  const differences = join(target, 'differences');
  const lines = comparePictures(earlier, target, differences);
  for (const line of lines) console.log(line);
  console.log(lines.length === 0 ? 'no page looks different' : `${lines.length} differences are in ${differences}`);
  if (lines.length > 0) process.exit(1);
}
process.exit(run.status ?? 1);
