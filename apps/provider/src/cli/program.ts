import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { text as readAll } from 'node:stream/consumers';
import { NestFactory } from '@nestjs/core';
import { SystemClock } from '@gatehouse/platform/clock';
import { migrationStatus, openSource, openStore } from '@gatehouse/platform/database/open-store';
import { openFilesProblem } from '@gatehouse/platform/start-program';
import { createLog } from '@gatehouse/platform/telemetry/log';
import { nestLogger } from '@gatehouse/platform/telemetry/nest-logger';
import { AppModule } from '../app.module.js';
import { createDependencies } from '../server/application.js';
import { commandLineActor } from '../audit/command-line-actor.js';
import { loadSettings, type Settings } from '../config/settings.js';
import { entities, migrations } from '../schema.js';
import { auditCommands } from './audit.js';
import { clientCommands } from './client.js';
import { Failed, type Command, type CommandContext, type CommandResult, type OptionValues } from './command.js';
import { issuerCommands } from './trusted-issuer.js';
import { keyCommands } from './key.js';
import { resourceCommands } from './resource.js';
import { outboxCommands } from './outbox.js';
import { doctor } from './doctor.js';
import { databaseCommand } from './database.js';
import { registrationCommands } from './initial-access-token.js';
import { operationRunner } from './run-operation.js';
import { sessionCommands } from './session.js';
import { storeCommands } from './store.js';
import { usage, UsageError, WrongRecord } from './usage.js';
import { userCommands } from './user.js';

const commands: readonly Command[] = [
  ...userCommands,
  ...sessionCommands,
  ...clientCommands,
  ...registrationCommands,
  ...resourceCommands,
  ...issuerCommands,
  ...keyCommands,
  ...outboxCommands,
  ...auditCommands,
  ...storeCommands,
  doctor,
];

/** Runs one command of the command line and says how it went by the exit status. */
export async function run(): Promise<void> {
  const argv = process.argv.slice(2);
  const json = argv.includes('--json');
  try {
    const words = argv.filter((word) => word !== '--json');
    if (words.length === 0 || words.includes('--help')) {
      process.stdout.write(usage);
      process.exitCode = words.length === 0 ? 2 : 0;
      return;
    }
    const result = await runCommand(words);
    if (!result.lines) process.stdout.write(`${json ? JSON.stringify(result.json) : result.text}\n`);
    process.exitCode = result.exitCode ?? 0;
  } catch (error) {
    const { code, exit } = classify(error);
    const message = openFilesProblem(error) ?? explain(error);
    process.stderr.write(
      json ? `${JSON.stringify({ error: code, message })}\n` : `${message}\n${exit === 2 ? `\n${usage}` : ''}`,
    );
    process.exitCode = exit;
  }
}

async function runCommand(words: readonly string[]): Promise<CommandResult> {
  const settings = loadSettings(process.env);
  const [group = '', action = '', ...rest] = words;
  const onDatabase = databaseCommand(settings, words);
  if (onDatabase) return onDatabase;
  const command = commands.find((candidate) => candidate.name === `${group} ${action}`.trim());
  if (!command) throw new UsageError(`there is no command ${JSON.stringify(`${group} ${action}`.trim())}`);
  return inApp(settings, command, parseOptions(command, rest));
}

function parseOptions(command: Command, words: readonly string[]): OptionValues {
  let values: Readonly<Record<string, unknown>>;
  try {
    ({ values } = parseArgs({ args: [...words], options: multiple(command), strict: true, allowPositionals: false }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const all = (name: string): readonly string[] => {
    const value = values[name];
    return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
  };
  for (const [name, option] of Object.entries(command.options))
    if (option.type === 'string' && option.multiple !== true && all(name).length > 1)
      throw new UsageError(`--${name} was given twice`);
  return { all, one: (name) => all(name)[0], has: (name) => values[name] !== undefined };
}

/** Every option is read as one that may repeat, so that a repeated one is an error and not a silent last word. */
function multiple(command: Command): Record<string, { type: 'string' | 'boolean'; multiple: boolean }> {
  return Object.fromEntries(
    Object.entries(command.options).map(([name, option]) => [
      name,
      { type: option.type, multiple: option.type === 'string' },
    ]),
  );
}

async function inApp(settings: Settings, command: Command, options: OptionValues): Promise<CommandResult> {
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
      const context: CommandContext = {
        app,
        store,
        settings,
        now: clock.now(),
        options,
        readStdin,
        execute: operationRunner(app, clock.now()),
      };
      const result = await command.run(context);
      if (result.lines) for await (const line of result.lines) await writeLine(line);
      return result;
    } finally {
      await app.close();
    }
  } finally {
    await store.close();
  }
}

/** A command makes the schema of a new database, and leaves that of a used one alone: an older provider may run on it. */
async function migrateMode(settings: Settings): Promise<'auto' | 'off'> {
  if (settings.migrate === 'off') return 'off';
  const source = await openSource({ url: settings.databaseUrl, entities, migrations });
  try {
    return (await migrationStatus(source)).some(({ applied }) => applied) ? 'off' : 'auto';
  } finally {
    await source.destroy();
  }
}

/** No faster than it is read: the log may be longer than memory. */
async function writeLine(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
}

async function readStdin(): Promise<string> {
  return (await readAll(process.stdin)).replace(/\r?\n$/, '');
}

function classify(error: unknown): { code: string; exit: number } {
  if (error instanceof UsageError) return { code: 'usage', exit: 2 };
  if (error instanceof Failed) return { code: error.code, exit: 1 };
  if (error instanceof WrongRecord) return { code: error.code, exit: 3 };
  if (error instanceof Error && error.name === 'SettingsError') return { code: 'settings', exit: 1 };
  return { code: 'failed', exit: 1 };
}

export function explain(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
