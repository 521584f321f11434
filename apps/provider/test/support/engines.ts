import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copySqliteTemplate, migrate, templateName } from './database-template';
import { startPostgres, withPostgres, type TestPostgres } from '../../../../libs/platform/test/support/postgres';

export interface TestEngine {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The URL of an empty database. */
  freshUrl(): Promise<string>;
  /** The URL of a database with the current schema and nothing in it. */
  migratedUrl(): Promise<string>;
}

/** The databases that the provider runs on, for `describe.each`. */
export const engines: readonly (readonly [string, () => TestEngine])[] = [
  ['SQLite', sqlite],
  ...(withPostgres ? [['PostgreSQL', postgres] as const] : []),
];

function sqlite(): TestEngine {
  let folder = '';
  let made = 0;
  const freshPath = (): string => join(folder, `database-${++made}`, 'provider.sqlite');
  return {
    start: () => Promise.resolve(void (folder = mkdtempSync(join(tmpdir(), 'gatehouse-store-')))),
    stop: () => Promise.resolve(rmSync(folder, { recursive: true, force: true })),
    freshUrl: () => Promise.resolve(`sqlite:${freshPath()}`),
    migratedUrl: async () => {
      const path = freshPath();
      await copySqliteTemplate(path);
      return `sqlite:${path}`;
    },
  };
}

function postgres(): TestEngine {
  let server: TestPostgres;
  return {
    start: async () => void (server = await startPostgres()),
    stop: () => server.stop(),
    freshUrl: () => server.url('provider'),
    migratedUrl: () => server.copy(templateName, migrate),
  };
}
