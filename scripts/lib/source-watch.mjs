import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';

const pollMilliseconds = 200;
const settleMilliseconds = 50;

/**
 * A project and the projects that it references, by the `references` of their tsconfig.json.
 * @returns {string[]} their folders, from the root
 */
export function projectsOf(folder) {
  const { references = [] } = JSON.parse(readFileSync(join(root, folder, 'tsconfig.json'), 'utf8'));
  const referenced = references.flatMap(({ path }) => projectsOf(join(folder, path)));
  return [...new Set([...referenced, folder])];
}

/**
 * Reports which files below `src` were changed, added or removed, once they have not changed for a moment: an editor may
 * write a file in several steps, and a checkout writes many. Polled, because notifications of changes get lost on network and
 * container file systems.
 * @param {string[]} projects  folders, from the root
 * @param {(paths: string[]) => Promise<void>} onChange  from the root; not called again before its promise is fulfilled
 */
export async function watchSources(projects, onChange) {
  let before = stateOf(projects);
  for (;;) {
    await pause(pollMilliseconds);
    let now = stateOf(projects);
    if (differences(before, now).length === 0) continue;
    for (;;) {
      await pause(settleMilliseconds);
      const later = stateOf(projects);
      if (differences(now, later).length === 0) break;
      now = later;
    }
    const paths = differences(before, now);
    before = now;
    if (paths.length > 0) await onChange(paths);
  }
}

/** @returns {Map<string, string>} what changes with each source, by its path */
function stateOf(projects) {
  const state = new Map();
  for (const project of projects) {
    const folder = join(project, 'src');
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || /\.spec\.ts$/.test(entry.name)) continue;
      const path = join(entry.parentPath, entry.name);
      const stats = statSync(path, { throwIfNoEntry: false });
      if (stats) state.set(path.slice(root.length + 1), `${stats.mtimeMs} ${stats.size}`);
    }
  }
  return state;
}

function differences(one, other) {
  const paths = new Set([...one.keys(), ...other.keys()]);
  return [...paths].filter((path) => one.get(path) !== other.get(path));
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
