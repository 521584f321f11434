// `npx nx test <project> [path pattern] [options of Jest]`: Jest with the root's configuration, for one project.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { root } from './lib/root.mjs';

const [project, ...rest] = process.argv.slice(2);
if (project === undefined) {
  console.error('Usage: node scripts/jest.mjs <project> [path pattern] [options of Jest]');
  process.exit(2);
}
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
// Last: --selectProjects takes every word that follows it for a project's name.
const run = spawnSync(process.execPath, [jest, ...rest, '--selectProjects', project], { cwd: root, stdio: 'inherit' });
process.exit(run.status ?? 1);
