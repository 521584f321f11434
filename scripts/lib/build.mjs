import { existsSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from './command.mjs';
import { Failure } from './failure.mjs';
import { root } from './root.mjs';
import { areUiAssetsBuilt, buildUiAssets } from './ui-assets.mjs';

const projects = ['libs/domain', 'libs/platform', 'apps/provider', 'apps/client'];

/** The TypeScript compiler's script. */
export const compiler = join(root, 'node_modules/typescript/bin/tsc');

/** Compiles what changed since the last build, and builds the UI assets. @throws Failure with the compiler's messages */
export async function build() {
  await compile();
  await buildUiAssets();
  const { references } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
  for (const { path } of references) removeStaleOutputs(path);
}

/**
 * Compiles projects and what they reference; without a folder, every project.
 * @throws Failure with the compiler's messages
 */
export async function compile(...folders) {
  const { status, stdout, stderr } = await capture(process.execPath, [compiler, '-b', ...folders]);
  if (status === 0) return;
  const command = ['npx tsc -b', ...folders].join(' ');
  throw new Failure(`${stdout}${stderr}\nThe build failed (${command}).`.trimStart());
}

/**
 * Removes outputs of deleted sources: the compiler does not remove them, and Nx would cache them.
 * @param {string} project  its folder
 * @returns {string[]} the removed files, relative to `dist`
 */
export function removeStaleOutputs(project) {
  const dist = join(root, project, 'dist');
  const outputs = readdirSync(dist, { recursive: true }).filter(
    (name) => compiled.test(name) && !/^assets[\\/]/.test(name),
  );
  const stale = outputs.filter((name) => !existsSync(join(root, project, 'src', name.replace(compiled, '.ts'))));
  for (const name of stale) rmSync(join(dist, name));
  return stale;
}

const compiled = /\.(js|d\.ts)(\.map)?$/;

/** Whether every project was built after its newest source changed, and the UI assets are up to date. */
export function isBuilt() {
  const areCompiled = projects.every((project) => {
    const record = join(root, project, 'dist/.tsbuildinfo');
    return existsSync(record) && newestIn(join(root, project, 'src')) <= statSync(record).mtimeMs;
  });
  return areCompiled && areUiAssetsBuilt();
}

function newestIn(folder) {
  const names = readdirSync(folder, { recursive: true }).filter((name) => /(?<!\.spec)\.ts$/.test(name));
  return names.reduce((newest, name) => Math.max(newest, statSync(join(folder, name)).mtimeMs), 0);
}
