import { addCommand, addGroup, createProgram, runProgram, UsageError } from '@gatehouse/platform/command-line';
import { openFilesProblem } from '@gatehouse/platform/start-program';
import type { LoadedSettings } from '../config/settings.js';
import type {
  Action,
  Actions,
  ArgumentsOf,
  CommandContext,
  CommandGroup,
  CommandOutput,
  Commands,
  OptionsOf,
} from './command.js';
import { auditGroup } from './commands/audit.js';
import { clientGroup } from './commands/client.js';
import { backupGroup, databaseGroup, migrateGroup, storeCopyGroup } from './commands/database.js';
import { doctorGroup } from './commands/doctor.js';
import { issuerGroup } from './commands/issuer.js';
import { keysGroup } from './commands/keys.js';
import { outboxGroup } from './commands/outbox.js';
import { registrationTokenGroup } from './commands/registration-token.js';
import { resourceGroup } from './commands/resource.js';
import { sessionGroup } from './commands/session.js';
import { settingsGroup, settingsListGroup } from './commands/settings.js';
import { storeGroup } from './commands/store.js';
import { userGroup } from './commands/user.js';
import { Failed, WrongRecord } from './errors.js';

const about = `
Commands work on GATEHOUSE_DATABASE_URL, also while the provider runs, which sees a change within a second.
"gatehouse user add --help" shows the options of a command. In a checkout: npm run -s gatehouse -- user add --help

Exit status: 0 done, 1 failed, 2 invalid command line, 3 the record exists already or does not exist.`;

/** Runs the command in the process arguments and sets the exit status. */
export async function run(): Promise<void> {
  const argv = process.argv.slice(2);
  const json = argv.includes('--json');
  try {
    await runProgram(buildProgram(), argv);
  } catch (error) {
    const { code, exit } = classify(error);
    const message = openFilesProblem(error) ?? explain(error);
    const help = error instanceof UsageError && error.help !== '' ? `\n${error.help}\n` : '';
    process.stderr.write(json ? `${JSON.stringify({ error: code, message })}\n` : `${message}\n${help}`);
    process.exitCode = exit;
  }
}

type Program = ReturnType<typeof createProgram>;

/** Runs a command of a group. */
type Run<C extends Commands> = <Name extends keyof C>(
  name: Name,
  options: OptionsOf<C[Name]>,
  ...args: ArgumentsOf<C[Name]>
) => Promise<CommandOutput>;

/** Imports the actions of a group. */
type Load<C extends Commands, Context> = () => Promise<Actions<C, Context>>;

/**
 * The commands are declared in `commands/`. Their actions in `actions/`, and with them the application and the database
 * drivers, are loaded when a command runs: help and errors of usage need neither.
 */
function buildProgram(): Program {
  const program = createProgram('gatehouse', 'Administers a Gatehouse provider.').addHelpText('after', about);
  const addApplication = <C extends Commands>(group: CommandGroup<C>, load: Load<C, CommandContext>): void => {
    addCommands(program, group, inApplication(load));
  };
  const addWithSettings = <C extends Commands>(group: CommandGroup<C>, load: Load<C, LoadedSettings>): void => {
    addCommands(program, group, withSettings(load));
  };
  addApplication(userGroup, async () => (await import('./actions/user.js')).userActions);
  addApplication(sessionGroup, async () => (await import('./actions/session.js')).sessionActions);
  addApplication(clientGroup, async () => (await import('./actions/client.js')).clientActions);
  addApplication(
    registrationTokenGroup,
    async () => (await import('./actions/registration-token.js')).registrationTokenActions,
  );
  addApplication(resourceGroup, async () => (await import('./actions/resource.js')).resourceActions);
  addApplication(issuerGroup, async () => (await import('./actions/issuer.js')).issuerActions);
  addApplication(keysGroup, async () => (await import('./actions/keys.js')).keysActions);
  addApplication(outboxGroup, async () => (await import('./actions/outbox.js')).outboxActions);
  addApplication(auditGroup, async () => (await import('./actions/audit.js')).auditActions);
  addApplication(doctorGroup, async () => (await import('./actions/doctor.js')).doctorActions);
  addWithSettings(settingsListGroup, async () => (await import('./actions/settings.js')).settingsListActions);
  addApplication(settingsGroup, async () => (await import('./actions/settings.js')).settingsActions);
  addWithSettings(backupGroup, async () => (await import('./actions/database.js')).backupActions);
  addWithSettings(migrateGroup, async () => (await import('./actions/database.js')).migrateActions);
  addWithSettings(databaseGroup, async () => (await import('./actions/database.js')).databaseActions);
  addWithSettings(storeCopyGroup, async () => (await import('./actions/database.js')).storeCopyActions);
  addApplication(storeGroup, async () => (await import('./actions/store.js')).storeActions);
  return program;
}

function addCommands<C extends Commands>(program: Program, group: CommandGroup<C>, run: Run<C>): void {
  const parent = group.name === undefined ? program : addGroup(program, { ...group, name: group.name });
  for (const [name, command] of Object.entries(group.commands)) {
    command.helpGroup(group.heading).action(async () => {
      // Commander has parsed the options and arguments that the command declares.
      const [options, args] = [command.opts() as OptionsOf<C[string]>, command.processedArgs as ArgumentsOf<C[string]>];
      print(await run(name, options, ...args), program.opts().json === true);
    });
    addCommand(parent, name, command);
  }
}

/** For commands that need the application. */
function inApplication<C extends Commands>(load: Load<C, CommandContext>): Run<C> {
  return async (name, options, ...args) => {
    const settings = await readSettings();
    const action: Action<CommandContext, OptionsOf<C[typeof name]>, ArgumentsOf<C[typeof name]>> = (await load())[name];
    const { runInApplication } = await import('./application.js');
    return runInApplication(settings, (context) => action(context, options, ...args));
  };
}

/** For commands on the database itself: they must work where the application cannot start. */
function withSettings<C extends Commands>(load: Load<C, LoadedSettings>): Run<C> {
  return async (name, options, ...args) => {
    const settings = await readSettings();
    const action: Action<LoadedSettings, OptionsOf<C[typeof name]>, ArgumentsOf<C[typeof name]>> = (await load())[name];
    return action(settings, options, ...args);
  };
}

async function readSettings(): Promise<LoadedSettings> {
  const { loadSettings } = await import('../config/settings.js');
  return loadSettings(process.env);
}

function print({ json, text, lines, exitCode }: CommandOutput, asJson: boolean): void {
  if (!lines) process.stdout.write(`${asJson ? JSON.stringify(json) : text}\n`);
  process.exitCode = exitCode ?? 0;
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
