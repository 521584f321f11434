import { existsSync, readFileSync } from 'node:fs';
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
import { keyFileOf, type Settings } from '../../config/settings.js';
import { entities, migrations, tablesInOrder } from '../../schema.js';
import { isoTime, table, type Actions, type CommandOutput, type OptionsOf } from '../command.js';
import type { backupGroup, databaseGroup, migrateGroup, storeCopyGroup } from '../commands/database.js';
import { Refused } from '../errors.js';

async function withSource<T>(url: string, work: (source: DataSource) => Promise<T>): Promise<T> {
  const source = await openSource({ url, entities, migrations });
  try {
    return await work(source);
  } finally {
    await source.destroy();
  }
}

export const migrateActions: Actions<typeof migrateGroup.commands, Settings> = {
  status: (settings) =>
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

  up: (settings, { dryRun }) =>
    withSource(settings.databaseUrl, async (source) => {
      const ran = await migrateUp(source, dryRun ? 'dry run' : 'run', showCopied);
      return { json: { applied: ran }, text: ran.length === 0 ? 'the database is up to date' : ran.join('\n') };
    }),

  down: (settings, { dryRun }) =>
    withSource(settings.databaseUrl, async (source) => {
      const name = await migrateDown(source, dryRun ? 'dry run' : 'run', showCopied);
      return { json: { reverted: name ?? null }, text: name ?? 'there is no migration to revert' };
    }),
};

export const backupActions: Actions<typeof backupGroup.commands, Settings> = {
  backup: async (settings, { to }) => {
    const report = await backupSqlite(sqlitePath(settings), to, { onProgress: showCopied });
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
      text: `${report.file} (${report.bytes} bytes), as of ${seconds(report.takenAt)}\n${reminder}`,
    };
  },

  restore: async (settings, { from, replace = false }) => {
    const report = await restoreSqlite(from, sqlitePath(settings), { replace, onProgress: showCopied });
    const key = keyFileOf(settings);
    const missing = settings.secretKeys === undefined && key !== undefined && !existsSync(key);
    const lines = [
      `${report.file} (${report.bytes} bytes)`,
      ...report.replacedFiles.map((file) => `the previous file is kept as ${file}`),
      ...(missing ? [`put the secret key of this database at ${key} before you start the provider`] : []),
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
};

export const databaseActions: Actions<typeof databaseGroup.commands, Settings> = {
  compact: async (settings) => ({ ...(await compactCommand(settings.databaseUrl)) }),
};

export const storeCopyActions: Actions<typeof storeCopyGroup.commands, Settings> = { copy: copyDatabase };

function stateOf({ applied, known, replacedBy }: MigrationStatus): string {
  if (replacedBy !== undefined) return `replaced by ${replacedBy}`;
  if (!known) return 'applied by a later version';
  return applied ? 'applied' : 'pending';
}

type CopyOptions = OptionsOf<typeof storeCopyGroup.commands.copy>;

async function copyDatabase(settings: Settings, options: CopyOptions): Promise<CommandOutput> {
  const urls = { from: options.from ?? settings.databaseUrl, to: targetOf(options) };
  const writers = options.fromSnapshot ? 'allowed' : 'blocked';
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
      const ownRows = options.replace ? 'discard' : 'refuse';
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
  const as = `both sides agree as of ${seconds(takenAt)}; use the same secret key with the new database`;
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

/** A URL may contain a password, and other users can read the command line: it may come from a file. */
function targetOf({ to = '', toFile }: CopyOptions): string {
  return toFile === undefined ? to : readFileSync(toFile, 'utf8').trim();
}

function showProgress({ table: name, copied, total }: CopyProgress): void {
  showProgressBar(name, { done: copied, total }, String);
}

function showCopied({ copiedBytes, totalBytes }: BackupProgress): void {
  showProgressBar('copy', { done: copiedBytes, total: totalBytes }, megabytes);
}

function seconds(instant: EpochSeconds): string {
  return isoTime(instant).replace('.000', '');
}

function sqlitePath(settings: Settings): string {
  const address = parseDatabaseUrl(settings.databaseUrl);
  if (address.kind !== 'sqlite') throw new Refused('this is for SQLite: use pg_dump and pg_restore with PostgreSQL');
  return address.path;
}
