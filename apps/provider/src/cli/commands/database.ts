import { Command } from '@commander-js/extra-typings';
import { requireOneOf } from '@gatehouse/platform/command-line';
import type { CommandGroup } from '../command.js';

const heading = 'Installation and database:';
const dryRun = ['--dry-run', 'Only say what would be done'] as const;

export const backupGroup = {
  heading,
  description: 'Backups of a SQLite database',
  commands: {
    backup: new Command()
      .description('Copy a SQLite database, also while the provider runs; the secret key is not in it')
      .requiredOption('--to <file>', 'File to write'),
    restore: new Command()
      .description('Restore a SQLite database from a backup, while the provider is stopped')
      .requiredOption('--from <file>', 'The backup')
      .option('--replace', 'Replace the existing database, which is kept under another name'),
  },
} satisfies CommandGroup;

export const migrateGroup = {
  name: 'migrate',
  heading,
  description: 'Migrate the schema of the database',
  commands: {
    status: new Command().description('List migrations and whether they are applied'),
    up: new Command().description('Apply all pending migrations').option(...dryRun),
    down: new Command().description('Revert the last migration').option(...dryRun),
  },
} satisfies CommandGroup;

export const databaseGroup = {
  name: 'database',
  heading,
  description: 'Maintain the database',
  commands: {
    compact: new Command().description(
      'Return the free space of a SQLite database to the disk, while the provider is stopped',
    ),
  },
} satisfies CommandGroup;

export const storeCopyGroup = {
  name: 'store',
  heading,
  description: 'Move the database',
  commands: {
    copy: requireOneOf(
      new Command()
        .description(
          'Copy all rows to another database, SQLite or PostgreSQL. The source must not be in use. A further run applies what has changed since.',
        )
        .summary('Copy all rows to another database, SQLite or PostgreSQL')
        .option('--from <url>', 'Source (default: GATEHOUSE_DATABASE_URL)')
        .option('--to <url>', 'Target')
        .option('--to-file <file>', 'File that holds the URL of the target, which may contain a password')
        .option('--from-snapshot', 'The source may be in use; what is written to it meanwhile is not in the copy')
        .option('--replace', 'Discard what was changed in the target since the last copy'),
      '--to',
      '--to-file',
    ),
  },
} satisfies CommandGroup;
