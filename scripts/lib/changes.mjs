import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { capture } from './command.mjs';
import { Failure } from './failure.mjs';
import { root } from './root.mjs';

/** More specs would take too long for a check before a commit. */
const maxSpecs = 12;
/** For a change that matches no spec by name. */
const defaultSpecs = ['login', 'token-code'].map((name) => `apps/provider/test/http/${name}.http-spec.ts`);

/**
 * Files that differ from a revision, committed or not, and untracked files.
 * @param since  a revision; by default the merge base with main
 * @returns {Promise<string[]>} paths relative to the root, including deleted files
 */
export async function changedFiles(since) {
  const base = since ?? (await git('merge-base', 'HEAD', 'main'))[0];
  const lists = [await git('diff', '--name-only', base), await git('ls-files', '--others', '--exclude-standard')];
  return [...new Set(lists.flat())];
}

/**
 * The changed HTTP specs, then those whose name shares a word with a changed module or file, most shared words first; where
 * there are none, the specs of a login and of the code flow.
 * @param files  paths relative to the root
 * @returns paths relative to the root: all changed specs, and related ones up to a total of twelve
 */
export function httpSpecsOf(files) {
  const changed = files.filter((file) => file.endsWith('.http-spec.ts'));
  const words = new Map();
  for (const file of files) {
    const [, app, module, ...rest] = /^apps\/(provider|client)\/src\/([^/]+)\/(.+)$/.exec(file) ?? [];
    if (app === undefined) continue;
    for (const word of [module, basename(rest[0] ?? '').split('.')[0]].flatMap((name) => name.split('-')))
      words.set(singular(word), app);
  }
  const related = ['apps/provider/test/http', 'apps/client/test/http']
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`))
    .filter((path) => path.endsWith('.http-spec.ts') && !changed.includes(path))
    .map((path) => {
      const names = basename(path).split('.')[0].split('-').map(singular);
      return { path, shared: names.filter((word) => path.startsWith(`apps/${words.get(word)}/`)).length };
    })
    .filter(({ shared }) => shared > 0)
    .sort((a, b) => b.shared - a.shared || a.path.localeCompare(b.path))
    .map(({ path }) => path);
  const isCode = files.some((file) => /^(apps|libs)\/[^/]+\/(src|test)\//.test(file));
  if (isCode && changed.length + related.length === 0) return defaultSpecs;
  return [...changed, ...related.slice(0, Math.max(0, maxSpecs - changed.length))];
}

function singular(word) {
  return word.replace(/s$/, '');
}

async function git(...words) {
  const { status, stdout, stderr } = await capture('git', words, { cwd: root });
  if (status !== 0) throw new Failure(`git ${words.join(' ')}: ${stderr.trim()}`);
  return stdout.split('\n').filter((line) => line !== '');
}
