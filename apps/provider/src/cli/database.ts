import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { DataSource } from 'typeorm';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import {
  copyStore,
  SourceInUse,
  TargetDiverged,
  type CopyProgress,
  type CopyWriters,
} from '@gatehouse/platform/database/copy-store';
import { compactCommand } from '@gatehouse/platform/database/compact-command';
import { isInUse } from '@gatehouse/platform/database/database-use';
import { parseDatabaseUrl } from '@gatehouse/platform/database/database-url';
import {
  migrateDown,
  migrateUp,
  migrationStatus,
  openSource,
  type MigrationStatus,
} from '@gatehouse/platform/database/open-store';
import { backupSqlite, restoreSqlite, type BackupProgress } from '@gatehouse/platform/database/sqlite-backup';
import { megabytes, showProgressBar } from '@gatehouse/platform/progress-bar';
import { keyFileOf, type Settings } from '../config/settings.js';
import { entities, migrations, tablesInOrder } from '../schema.js';
import { table, type CommandResult } from './command.js';
import { listSettings } from './settings.js';
import { Refused, UsageError } from './usage.js';

type Options = Readonly<Record<string, string | boolean | undefined>>;

interface DatabaseCommand {
  readonly name: string;
  readonly options: Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>;
  run(settings: Settings, options: Options): Promise<CommandResult>;
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

/** Commands that work without opening the database as the server does: on the database itself, or on the settings. Undefined for others. */
export function databaseCommand(settings: Settings, words: readonly string[]): Promise<CommandResult> | undefined {
  const command = commands.find(({ name }) => words.slice(0, name.split(' ').length).join(' ') === name);
  if (!command) return undefined;
  try {
    const { values } = parseArgs({
      args: words.slice(command.name.split(' ').length),
      options: command.options,
      strict: true,
    });
    return command.run(settings, values);
  } catch (error) {
    return Promise.reject(new UsageError(error instanceof Error ? error.message : String(error)));
  }
}

async function withSource<T>(url: string, work: (source: DataSource) => Promise<T>): Promise<T> {
  const source = await openSource({ url, entities, migrations });
  try {
    return await work(source);
  } finally {
    await source.destroy();
  }
}

const commands: readonly DatabaseCommand[] = [
  {
    name: 'migrate status',
    options: {},
    run: (settings) =>
      withSource(settings.databaseUrl, async (source) => {
        const all = await migrationStatus(source);
        return {
          json: {
            migrations: all.map(({ name, applied, known, replacedBy }) => ({
              name,
              applied,
              known,
              ...(replacedBy === undefined ? {} : { replaced_by: replacedBy }),
            })),
          },
          text: table(
            ['MIGRATION', 'STATE'],
            all.map((each) => [each.name, stateOf(each)]),
          ),
        };
      }),
  },
  {
    name: 'migrate up',
    options: { 'dry-run': flag },
    run: (settings, options) =>
      withSource(settings.databaseUrl, async (source) => {
        const ran = await migrateUp(source, options['dry-run'] === true ? 'dry run' : 'run', showCopied);
        return { json: { applied: ran }, text: ran.length === 0 ? 'the database is up to date' : ran.join('\n') };
      }),
  },
  {
    name: 'migrate down',
    options: { 'dry-run': flag },
    run: (settings, options) =>
      withSource(settings.databaseUrl, async (source) => {
        const name = await migrateDown(source, options['dry-run'] === true ? 'dry run' : 'run', showCopied);
        return { json: { reverted: name ?? null }, text: name ?? 'there is no migration to revert' };
      }),
  },
  {
    name: 'backup',
    options: { to: text },
    run: async (settings, options) => {
      const report = await backupSqlite(sqlitePathOf(settings), stringOf(options, 'to'), { onProgress: showCopied });
      const key = keyFileOf(settings);
      const separate = key !== undefined && settings.secretKeys === undefined;
      const reminder = separate
        ? `the secret key is not in it: keep a copy of ${key} apart from it`
        : 'the secret key is not in it: it is the one in GATEHOUSE_SECRET_KEY';
      return {
        json: {
          file: report.file,
          bytes: report.bytes,
          taken_at: report.takenAt,
          contains_secret_key: false,
          secret_key_file: separate ? key : null,
        },
        text: `${report.file} (${report.bytes} bytes), as of ${instantOf(report.takenAt)}\n${reminder}`,
      };
    },
  },
  {
    name: 'restore',
    options: { from: text, replace: flag },
    run: async (settings, options) => {
      const report = await restoreSqlite(stringOf(options, 'from'), sqlitePathOf(settings), {
        replace: options['replace'] === true,
        onProgress: showCopied,
      });
      const key = keyFileOf(settings);
      const missing = settings.secretKeys === undefined && key !== undefined && !existsSync(key);
      const lines = [
        `${report.file} (${report.bytes} bytes)`,
        ...report.replacedFiles.map((file) => `what was there before is kept as ${file}`),
        ...(missing ? [`put the secret key that belongs to it at ${key} before the provider starts`] : []),
      ];
      return {
        json: {
          file: report.file,
          bytes: report.bytes,
          replaced_files: report.replacedFiles,
          secret_key_missing: missing,
        },
        text: lines.join('\n'),
      };
    },
  },
  {
    name: 'database compact',
    options: {},
    run: (settings) => compactCommand(settings.databaseUrl),
  },
  {
    name: 'store copy',
    options: { from: text, to: text, 'to-file': text, 'from-snapshot': flag, replace: flag },
    run: copyCommand,
  },
  {
    name: 'settings list',
    options: {},
    run: (settings) => Promise.resolve(listSettings(settings)),
  },
];

function stateOf({ applied, known, replacedBy }: MigrationStatus): string {
  if (replacedBy !== undefined) return `replaced by ${replacedBy}`;
  if (!known) return 'applied by a later version';
  return applied ? 'applied' : 'pending';
}

async function copyCommand(settings: Settings, options: Options): Promise<CommandResult> {
  const urls = {
    from: typeof options['from'] === 'string' ? options['from'] : settings.databaseUrl,
    to: targetOf(options),
  };
  const writers = options['from-snapshot'] === true ? 'allowed' : 'blocked';
  if (writers === 'blocked' && (await isInUse(parseDatabaseUrl(urls.from))))
    throw new Refused(
      'the source database is in use, and what is written to it later would be missing from the copy: stop the provider, or pass --from-snapshot',
    );
  if (await isInUse(parseDatabaseUrl(urls.to)))
    throw new Refused('the target database is in use: stop the process that uses it');
  return withSource(urls.from, (from) =>
    withSource(urls.to, async (to) => {
      await checkMigrations(from, to);
      await migrateUp(to, 'run', showCopied);
      const ownRows = options['replace'] === true ? 'discard' : 'refuse';
      const tables = tablesInOrder;
      const copy = { from, to, tables, writers, journal: 'audit_events', ownRows, report: showProgress } as const;
      const report = await copyStore(copy).catch((error: unknown) => {
        if (error instanceof SourceInUse)
          throw new Refused('another process writes to the source database: stop it, or pass --from-snapshot');
        if (error instanceof TargetDiverged)
          throw new Refused(`${error.message}: has it been in service? --replace discards them`);
        throw error;
      });
      return {
        json: { taken_at: report.takenAt, final: writers === 'blocked', tables: report.tables },
        text: `${table(
          ['TABLE', 'ROWS', 'SHA-256'],
          report.tables.map((each) => [each.table, String(each.rows), each.sha256.slice(0, 16)]),
        )}\n${agreement(report.takenAt, writers)}`,
      };
    }),
  );
}

function agreement(takenAt: EpochSeconds, writers: CopyWriters): string {
  const as = `both sides agree as of ${instantOf(takenAt)}; use the same secret key with the new database`;
  return writers === 'blocked'
    ? as
    : `${as}\nwhat was written to the source database after that is not in the copy: stop the provider and copy again before the new database goes into service`;
}

/** Every column must have its place on both sides. */
async function checkMigrations(from: DataSource, to: DataSource): Promise<void> {
  const [first, second] = [await migrationStatus(from), await migrationStatus(to)];
  if (first.some(({ applied }) => !applied))
    throw new Refused('the source database is older than this version: run migrate up on it');
  if ([...first, ...second].some(({ known }) => !known))
    throw new Refused('a later version made the schema of one of the databases: copy with that version');
}

/** A URL may hold a password, and the command line is there for all to see: it may come from a file. */
function targetOf(options: Options): string {
  const file = options['to-file'];
  return typeof file === 'string' ? readFileSync(file, 'utf8').trim() : stringOf(options, 'to');
}

function showProgress({ table: name, copied, total }: CopyProgress): void {
  showProgressBar(name, { done: copied, total }, String);
}

function showCopied({ copiedBytes, totalBytes }: BackupProgress): void {
  showProgressBar('copy', { done: copiedBytes, total: totalBytes }, megabytes);
}

function instantOf(seconds: EpochSeconds): string {
  return new Date(seconds * 1000).toISOString().replace('.000', '');
}

function stringOf(options: Options, name: string): string {
  const value = options[name];
  if (typeof value !== 'string') throw new UsageError(`--${name} is missing`);
  return value;
}

function sqlitePathOf(settings: Settings): string {
  return sqlitePath(settings, 'this is for SQLite: use pg_dump and pg_restore with PostgreSQL');
}

function sqlitePath(settings: Settings, otherwise: string): string {
  const address = parseDatabaseUrl(settings.databaseUrl);
  if (address.kind !== 'sqlite') throw new Refused(otherwise);
  return address.path;
}
