import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeExit } from './cleanup.mjs';

/** A folder that goes when this process ends. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-chaos-'));
  beforeExit(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function sqliteIn(folder) {
  return { GATEHOUSE_DATABASE_URL: `sqlite:${join(folder, 'provider.sqlite')}`, GATEHOUSE_DATA_DIR: folder };
}
