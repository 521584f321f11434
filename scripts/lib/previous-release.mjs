import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from './command.mjs';
import { Failure } from './failure.mjs';
import { root } from './root.mjs';

/** The last commit before the migrations of 2026-11-29. Update it, and create the fixture again, after each release. */
export const previousRelease = '21c79412d13b8547a9724700d7c08af3c88fa412';

const workspaces = ['libs/domain', 'libs/server', 'libs/resource-server'];

/**
 * Builds the previous release from the Git history in a folder, with the packages that are installed here.
 * @returns the paths of its provider and command line @throws Failure if the history is missing or the build fails
 */
export async function buildPreviousRelease(folder) {
  await unpack(folder);
  linkPackages(folder);
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const built = await capture(process.execPath, [compiler, '-b', 'apps/provider'], { cwd: folder });
  if (built.status !== 0) throw new Failure(`The previous release does not build:\n${built.stdout}`);
  return {
    provider: join(folder, 'apps/provider/dist/main.js'),
    command: join(folder, 'apps/provider/dist/cli/main.js'),
  };
}

async function unpack(folder) {
  const archive = join(folder, 'release.tar');
  const archived = await capture('git', ['archive', '--output', archive, previousRelease]);
  if (archived.status !== 0)
    throw new Failure(
      `The previous release (${previousRelease}) is not in this checkout's history: git fetch --unshallow\n${archived.stderr.trim()}`,
    );
  const unpacked = await capture('tar', ['-xf', archive, '-C', folder]);
  if (unpacked.status !== 0) throw new Failure(`The previous release cannot be unpacked:\n${unpacked.stderr.trim()}`);
}

/** Links all packages except the workspaces, which come from the release. */
function linkPackages(folder) {
  const packages = join(folder, 'node_modules');
  mkdirSync(join(packages, '@gatehouse'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules')))
    if (name !== '@gatehouse') symlinkSync(join(root, 'node_modules', name), join(packages, name));
  for (const workspace of workspaces)
    symlinkSync(join(folder, workspace), join(packages, '@gatehouse', workspace.slice('libs/'.length)));
}
