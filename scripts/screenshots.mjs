// Makes the pictures of docs/screenshots (1280 wide, light), or with --all every page of both applications, wide and
// narrow, light and dark, into a folder to look at:
//   node scripts/screenshots.mjs [--all [FOLDER]]
// The browser tests of every page and of second factors take them on its way (apps/e2e/test/support/portrait.ts), so they are of real
// processes, and no page is forgotten. Build first: npm run build.
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
console.log(`pictures in ${target}`);
process.exit(run.status ?? 1);
