import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { readFileSync } from 'node:fs';
import { cores } from './cores.mjs';
import { benchFolder, root } from './root.mjs';

/** Describes the machine and versions of a run, without the names of the machine or its owner. */
export function describeMachine() {
  const memory = new Database(':memory:');
  const sqlite = memory.prepare('SELECT sqlite_version() AS version').get().version;
  memory.close();
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    processors: cpus().length,
    memoryGibibytes: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
    pinned: cores !== undefined,
    loadAverageBefore: loadavg()[0],
    node: process.versions.node,
    sqlite,
    betterSqlite3: versionOf('better-sqlite3', root),
    oidcProvider: versionOf('oidc-provider', benchFolder),
    commit: commit(),
  };
}

function versionOf(name, folder) {
  const path = createRequire(join(folder, 'package.json'))
    .resolve.paths(name)
    .map((place) => join(place, name, 'package.json'));
  for (const candidate of path) {
    try {
      return JSON.parse(readFileSync(candidate, 'utf8')).version;
    } catch {
      // try the parent folder
    }
  }
  return 'unknown';
}

function commit() {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}
