// Takes the screenshots of docs/screenshots (1280 wide, light), or with --all of every page of both applications, wide and
// narrow, light and dark, in a separate folder:
//   node scripts/screenshots.mjs [--all [FOLDER]]
// The browser tests of every page, second factors and passkeys take them (apps/e2e/test/support/portrait.ts), so they show real
// processes and include every page. Build first: npm run build.
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { root } from './lib/root.mjs';

const [option, folder, ...rest] = process.argv.slice(2);
if ((option !== undefined && option !== '--all') || rest.length > 0) {
  console.error('Usage: node scripts/screenshots.mjs [--all [FOLDER]]');
  process.exit(2);
}
const all = option === '--all';
const target = all
  ? resolve(folder ?? mkdtempSync(join(tmpdir(), 'gatehouse-screenshots-')))
  : join(root, 'docs/screenshots');
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
process.exit(run.status ?? 1);
