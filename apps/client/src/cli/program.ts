import { Command } from '@commander-js/extra-typings';
import {
  addCommand,
  addGroup,
  createProgram,
  runProgram,
  UsageError,
  type CommandResult,
} from '@gatehouse/platform/command-line';
import { SettingsError, type Environment } from '@gatehouse/platform/settings/settings';

const helpText = `
Commands work on GATEHOUSE_CLIENT_DATABASE_URL. In a checkout: npm run -s gatehouse-client -- database compact

Exit status: 0 done, 1 failed, 2 invalid command line.`;

export interface CommandOutcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command in the process arguments. */
export async function run(): Promise<void> {
  const { exitCode, stdout, stderr } = await runCommand(process.argv.slice(2), process.env);
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = exitCode;
}

export async function runCommand(argv: readonly string[], environment: Environment): Promise<CommandOutcome> {
  const json = argv.includes('--json');
  let stdout = '';
  const program = createProgram('gatehouse-client', 'Maintains a Gatehouse client.')
    .addHelpText('after', helpText)
    .configureOutput({ writeOut: (text) => (stdout += text) });
  addCommand(
    addGroup(program, { name: 'database', description: 'Maintain the database' }),
    'compact',
    new Command()
      .description('Return the free space of a SQLite database to the disk, while the client is stopped')
      .action(async () => {
        const result = await compact(environment);
        stdout = `${json ? JSON.stringify(result.json) : result.text}\n`;
      }),
  );
  try {
    await runProgram(program, argv);
    return { exitCode: 0, stdout, stderr: '' };
  } catch (error) {
    const exitCode = error instanceof UsageError ? 2 : 1;
    return { exitCode, stdout: '', stderr: json ? jsonOf(error) : textOf(error) };
  }
}

/** Imports on demand, because other commands do not need the database driver. */
async function compact(environment: Environment): Promise<CommandResult> {
  const { loadSettings } = await import('../config/settings.js');
  const { compactCommand } = await import('@gatehouse/platform/database/compact-command');
  const { json, text } = await compactCommand(loadSettings(environment).databaseUrl);
  return { json: { ...json }, text };
}

function jsonOf(error: unknown): string {
  const code = error instanceof UsageError ? 'usage' : 'failed';
  return `${JSON.stringify({ error: code, message: explain(error) })}\n`;
}

function textOf(error: unknown): string {
  const help = error instanceof UsageError && error.help !== '' ? `\n${error.help}\n` : '';
  return `${explain(error)}\n${help}`;
}

/** A message for errors that the operator can fix, otherwise the stack. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Compares the name, because importing the class would load the database driver.
  const isCompactRefused = error.name === 'CompactRefused';
  const isActionable = error instanceof UsageError || error instanceof SettingsError || isCompactRefused;
  return isActionable ? error.message : (error.stack ?? error.message);
}
