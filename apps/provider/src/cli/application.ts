import { once } from 'node:events';
import { text as readAll } from 'node:stream/consumers';
import { NestFactory } from '@nestjs/core';
import { SystemClock } from '@gatehouse/platform/clock';
import { migrationStatus, openSource, openStore } from '@gatehouse/platform/database/open-store';
import { createLog } from '@gatehouse/platform/telemetry/log';
import { nestLogger } from '@gatehouse/platform/telemetry/nest-logger';
import { AppModule } from '../app.module.js';
import { createDependencies } from '../server/application.js';
import { commandLineActor } from '../audit/command-line-actor.js';
import type { LoadedSettings } from '../config/settings.js';
import { entities, migrations } from '../schema.js';
import type { CommandContext, CommandOutput } from './command.js';
import { operationRunner } from './run-operation.js';

/** Opens the store and the application, runs an action, and closes both. */
export async function runInApplication(
  settings: LoadedSettings,
  action: (context: CommandContext) => Promise<CommandOutput>,
): Promise<CommandOutput> {
  const clock = new SystemClock();
  const log = createLog({ level: 'silent', name: 'gatehouse' });
  const store = await openStore({
    url: settings.databaseUrl,
    entities,
    migrations,
    migrate: await migrateMode(settings),
    connections: settings.databaseConnections,
  });
  try {
    const core = createDependencies({ settings, store, clock, log, processActor: commandLineActor() });
    const app = await NestFactory.createApplicationContext(AppModule.of(core), {
      logger: nestLogger(log),
      abortOnError: false,
    });
    try {
      const now = clock.now();
      const output = await action({ app, store, settings, now, readStdin, execute: operationRunner(app, now) });
      if (output.lines) for await (const line of output.lines) await writeLine(line);
      return output;
    } finally {
      await app.close();
    }
  } finally {
    await store.close();
  }
}

/** A command creates the schema of a new database, but does not migrate an existing one: an older provider may be running on it. */
async function migrateMode(settings: LoadedSettings): Promise<'auto' | 'off'> {
  if (settings.migrate === 'off') return 'off';
  const source = await openSource({ url: settings.databaseUrl, entities, migrations });
  try {
    return (await migrationStatus(source)).some(({ applied }) => applied) ? 'off' : 'auto';
  } finally {
    await source.destroy();
  }
}

/** Waits for a slow reader: an export may be larger than memory. */
async function writeLine(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
}

async function readStdin(): Promise<string> {
  return (await readAll(process.stdin)).replace(/\r?\n$/, '');
}
