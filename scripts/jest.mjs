// `npx nx test <project>`: Jest with the root's configuration, for one project. Further arguments go on to Jest.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { root } from './lib/root.mjs';

const [project, ...rest] = process.argv.slice(2);
if (project === undefined) {
  console.error('Usage: node scripts/jest.mjs <project> [arguments of Jest]');
  process.exit(2);
}
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
const run = spawnSync(process.execPath, [jest, '--selectProjects', project, ...rest], { cwd: root, stdio: 'inherit' });
process.exit(run.status ?? 1);
