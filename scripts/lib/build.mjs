import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from './command.mjs';
import { Failure } from './failure.mjs';
import { root } from './root.mjs';

const projects = ['libs/domain', 'libs/platform', 'apps/provider', 'apps/client'];

/** The TypeScript compiler, to be run by Node. */
export const compiler = join(root, 'node_modules/typescript/bin/tsc');

/** Compiles what changed since the last build. @throws Failure with the compiler's sentences */
export async function build() {
  const { status, stdout, stderr } = await capture(process.execPath, [compiler, '-b']);
  if (status !== 0) throw new Failure(`${stdout}${stderr}\nThe build failed (npx tsc -b).`.trimStart());
}

/** Whether every project was built after its newest source. */
export function isBuilt() {
  return projects.every((project) => {
    const record = join(root, project, 'dist/.tsbuildinfo');
    return existsSync(record) && newestIn(join(root, project, 'src')) <= statSync(record).mtimeMs;
  });
}

function newestIn(folder) {
  const names = readdirSync(folder, { recursive: true }).filter((name) => /(?<!\.spec)\.ts$/.test(name));
  return names.reduce((newest, name) => Math.max(newest, statSync(join(folder, name)).mtimeMs), 0);
}
