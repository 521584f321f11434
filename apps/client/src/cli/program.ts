import { compactCommand } from '@gatehouse/platform/database/compact-command';
import { CompactRefused } from '@gatehouse/platform/database/sqlite-compact';
import { SettingsError, type Environment } from '@gatehouse/platform/settings/settings';
import { loadSettings } from '../config/settings.js';

const usage = `Usage: npm run -s gatehouse-client -- COMMAND [--json]

  database compact   (SQLite, while the client is stopped: gives free space back to the disk)

It works on GATEHOUSE_CLIENT_DATABASE_URL. --json prints one object. Exit status: 0 done, 1 failed, 2 usage.
`;

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
  const words = argv.filter((word) => word !== '--json');
  if (words.length === 0 || words.includes('--help'))
    return { exitCode: words.length === 0 ? 2 : 0, stdout: usage, stderr: '' };
  if (words.join(' ') !== 'database compact')
    return {
      exitCode: 2,
      stdout: '',
      stderr: failure('usage', `there is no command ${JSON.stringify(words.join(' '))}`, json),
    };
  try {
    const done = await compactCommand(loadSettings(environment).databaseUrl);
    return { exitCode: 0, stdout: `${json ? JSON.stringify(done.json) : done.text}\n`, stderr: '' };
  } catch (error) {
    return { exitCode: 1, stdout: '', stderr: failure('failed', explain(error), json) };
  }
}

function failure(error: string, message: string, json: boolean): string {
  if (json) return `${JSON.stringify({ error, message })}\n`;
  return `${message}\n${error === 'usage' ? `\n${usage}` : ''}`;
}

/** A message for errors that the operator can fix, otherwise the stack. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isActionable = error instanceof SettingsError || error instanceof CompactRefused;
  return isActionable ? error.message : (error.stack ?? error.message);
}
