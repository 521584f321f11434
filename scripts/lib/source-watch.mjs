import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';

const pollMilliseconds = 200;
const settleMilliseconds = 50;

/**
 * A project and the projects that it references, according to `references` in tsconfig.json.
 * @returns {string[]} their folders, relative to the root
 */
export function projectsOf(folder) {
  const { references = [] } = JSON.parse(readFileSync(join(root, folder, 'tsconfig.json'), 'utf8'));
  const referenced = references.flatMap(({ path }) => projectsOf(join(folder, path)));
  return [...new Set([...referenced, folder])];
}

/**
 * Reports files below `src` that were changed, added or removed. Waits until they stay unchanged for a moment, because an editor
 * may write a file in several steps and a checkout writes many files. Polls, because network and container file systems lose
 * change notifications.
 * @param {string[]} projects  folders, relative to the root
 * @param {(paths: string[]) => Promise<void>} onChange  receives paths relative to the root; calls do not overlap
 */
export async function watchSources(projects, onChange) {
  let before = stateOf(projects);
  for (;;) {
    await sleep(pollMilliseconds);
    let now = stateOf(projects);
    if (differences(before, now).length === 0) continue;
    for (;;) {
      await sleep(settleMilliseconds);
      const later = stateOf(projects);
      if (differences(now, later).length === 0) break;
      now = later;
    }
    const paths = differences(before, now);
    before = now;
    if (paths.length > 0) await onChange(paths);
  }
}

/** @returns {Map<string, string>} modification time and size of each source, by path */
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

function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
