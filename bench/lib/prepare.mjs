import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runLogged } from '../../scripts/lib/command.mjs';
import { npmCommand, npmEnvironment } from '../../scripts/lib/npm.mjs';
import { prepareBuild } from '../../scripts/prepare.mjs';
import { benchFolder, root } from './root.mjs';

/** Builds Gatehouse, and installs the packages of this folder. */
export async function prepare() {
  await prepareBuild();
  if (isInstalled()) return;
  const [program, args] = npmCommand();
  await runLogged({
    label: "Installing the benchmark's packages",
    program,
    args: [...args, 'ci', '--no-audit', '--no-fund', '--loglevel=warn'],
    env: npmEnvironment(),
    cwd: benchFolder,
    logPath: join(root, 'data/logs/bench-install.log'),
  });
}

function isInstalled() {
  const recordPath = join(benchFolder, 'node_modules/.package-lock.json');
  if (!existsSync(recordPath)) return false;
  const installed = JSON.parse(readFileSync(recordPath, 'utf8')).packages;
  const required = JSON.parse(readFileSync(join(benchFolder, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(required).every(
    ([path, entry]) => path === '' || entry.optional || installed[path]?.version === entry.version,
  );
}
