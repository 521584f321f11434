import { migrateDown, migrateUp, migrationStatus, openSource } from '@gatehouse/server/database/open-store';
import type { DataSource } from 'typeorm';
import type { Settings } from '../config/settings.js';
import { entities, migrations } from '../database/entities.js';
import { table, type CommandResult } from './command.js';
import { UsageError } from './usage.js';

/** The schema's steps: these commands must work on a database that the program itself could not open. */
export async function migrateCommand(settings: Settings, action: string, rest: readonly string[]): Promise<CommandResult> {
  if (rest.length > 0) throw new UsageError(`migrate ${action} takes no options`);
  if (!['status', 'up', 'down'].includes(action)) throw new UsageError('migrate status, migrate up or migrate down');
  const source = await openSource({ url: settings.databaseUrl, entities, migrations });
  try {
    return await perform(source, action);
  } finally {
    await source.destroy();
  }
}

async function perform(source: DataSource, action: string): Promise<CommandResult> {
  switch (action) {
    case 'status': {
      const steps = await migrationStatus(source);
      return {
        json: { migrations: steps.map((step) => ({ name: step.name, applied: step.applied })) },
        text: table(
          ['STEP', 'STATE'],
          steps.map((step) => [step.name, step.applied ? 'made' : 'pending']),
        ),
      };
    }
    case 'up': {
      const ran = await migrateUp(source);
      return { json: { applied: ran }, text: ran.length === 0 ? 'the database is up to date' : ran.join('\n') };
    }
    default: {
      const name = await migrateDown(source);
      return { json: { reverted: name ?? null }, text: name === undefined ? 'there is no step to take back' : `took back ${name}` };
    }
  }
}
