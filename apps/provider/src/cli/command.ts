import type { Command, CommandUnknownOpts } from '@commander-js/extra-typings';
import type { INestApplicationContext, Type } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { CommandResult } from '@gatehouse/platform/command-line';
import type { Store } from '@gatehouse/platform/database/store';
import type { LoadedSettings } from '../config/settings.js';
import type { Operation } from '../operations/operation.js';

/** The declared commands of a group, by name. */
export type Commands = Readonly<Record<string, CommandUnknownOpts>>;

export interface CommandGroup<C extends Commands = Commands> {
  /** The first word of its commands; omitted where a command has one word. */
  readonly name?: string;
  /** Its heading in the help of the program. */
  readonly heading: string;
  readonly description: string;
  readonly commands: C;
}

/** The parsed options of a command. */
export type OptionsOf<C> = C extends Command<infer _Args, infer Options, infer _Global> ? Options : never;

/** The parsed arguments of a command. */
export type ArgumentsOf<C> = C extends Command<infer Args, infer _Options, infer _Global> ? Args : never;

/** What a command does. */
export type Action<Context, Options, Args extends readonly unknown[]> = (
  context: Context,
  options: Options,
  ...args: Args
) => Promise<CommandOutput>;

/** The actions of a group: one for each command. */
export type Actions<C extends Commands, Context> = {
  readonly [Name in keyof C]: Action<Context, OptionsOf<C[Name]>, ArgumentsOf<C[Name]>>;
};

/** The actions of a group that runs in the application. */
export type ApplicationActions<G extends CommandGroup> = Actions<G['commands'], CommandContext>;

/** The context of actions that run in the application. */
export interface CommandContext {
  readonly app: INestApplicationContext;
  readonly store: Store;
  readonly settings: LoadedSettings;
  readonly now: EpochSeconds;
  /**
   * Runs an operation as the command line.
   * @throws WrongRecord, Refused
   */
  execute<Input, Result, Prepared>(type: Type<Operation<Input, Result, Prepared>>, input: Input): Promise<Result>;
  /** All of standard input, without one final newline. */
  readStdin(): Promise<string>;
}

export interface CommandOutput extends CommandResult {
  /** Printed line by line instead of `json` and `text`, while the application is open. */
  readonly lines?: AsyncIterable<string> | undefined;
}

/** Columns of text, as wide as their longest cell. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => printable(cell).padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(header), ...rows.map(line)].join('\n');
}

/** Names come from strangers, too: control characters would be commands to the terminal. */
function printable(cell: string): string {
  return cell.replaceAll(/\p{Cc}/gu, '\u{FFFD}');
}

/** The properties of a record, one in each row. */
export function propertyTable(record: Readonly<Record<string, unknown>>): string {
  return table(
    ['WHAT', 'VALUE'],
    Object.entries(record).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}

export function isoTime(instant: number | undefined): string {
  return instant === undefined ? '-' : new Date(instant * 1000).toISOString();
}

/** All pages of a list. */
export async function allPages<Item, Next>(
  read: (after: Next | undefined) => Promise<{ readonly items: readonly Item[]; readonly next?: Next | undefined }>,
): Promise<Item[]> {
  const found: Item[] = [];
  let after: Next | undefined;
  do {
    const page = await read(after);
    found.push(...page.items);
    after = page.next;
  } while (after !== undefined);
  return found;
}
