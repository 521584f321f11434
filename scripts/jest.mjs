// `npx nx test <project> [path pattern] [Jest options]`: runs Jest with the root configuration for one project.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { root } from './lib/root.mjs';

const [project, ...rest] = process.argv.slice(2);
if (project === undefined) {
  console.error('Usage: node scripts/jest.mjs <project> [path pattern] [Jest options]');
  process.exit(2);
}
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
// --selectProjects must be last: it reads every argument that follows as the name of a project.
const run = spawnSync(process.execPath, [jest, ...rest, '--selectProjects', project], { cwd: root, stdio: 'inherit' });
process.exit(run.status ?? 1);
