import { Command, CommanderError, Help, InvalidArgumentError } from '@commander-js/extra-typings';
import type { CommandUnknownOpts, Option } from '@commander-js/extra-typings';

/** What a command found or did: an object for programs, text for people. */
export interface CommandResult {
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** Defaults to 0. A command can succeed in reporting a problem. */
  readonly exitCode?: number | undefined;
}

/** The command line is invalid: exit status 2. */
export class UsageError extends Error {
  constructor(
    message: string,
    /** For people: where to read on. */
    readonly help = '',
  ) {
    super(message);
    this.name = 'UsageError';
  }
}

/** The root command, whose `--json` is an option of every command. */
export function createProgram(name: string, description: string): Command<[], { json?: true }> {
  const program = new Command(name)
    .description(description)
    .option('--json', 'Print one JSON object; errors too, on standard error')
    .helpOption('-h, --help', 'Show help')
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true, formatHelp, formatItem, padWidth, optionDescription })
    // Errors are thrown; the caller prints them as text or JSON.
    .configureOutput({ outputError: () => undefined, writeErr: () => undefined });
  return throwUsageErrors(program);
}

export interface GroupDescription {
  readonly name: string;
  /** Where the help of the program lists its commands. */
  readonly heading?: string;
  readonly description: string;
}

/** Adds a command that only has subcommands; or returns it, if it exists. */
export function addGroup(
  program: CommandUnknownOpts,
  { name, heading = '', description }: GroupDescription,
): CommandUnknownOpts {
  const existing = program.commands.find((each) => each.name() === name);
  if (existing) return existing;
  const group = program.command(name).description(description).helpGroup(heading);
  return throwUsageErrors(group);
}

/** Adds a command that was declared on its own, with the settings of its parent. */
export function addCommand(parent: CommandUnknownOpts, name: string, command: CommandUnknownOpts): void {
  parent.addCommand(throwUsageErrors(command.name(name).copyInheritedSettings(parent)));
}

/**
 * Parses the arguments and runs the command that they name, or shows help.
 * @param argv without the paths of Node.js and the program
 * @throws UsageError
 */
export async function runProgram(program: CommandUnknownOpts, argv: readonly string[]): Promise<void> {
  program.hook('preAction', (_program, command) => {
    checkOccurrences(command, argv);
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    const isHelp = error instanceof CommanderError && error.exitCode === 0;
    if (!isHelp) throw error;
  }
}

/** Exactly one of these options must be given. */
export function requireOneOf<C extends CommandUnknownOpts>(command: C, ...flags: readonly string[]): C {
  command.hook('preAction', (_command, action) => {
    const given = action.options.filter(
      (option) =>
        flags.includes(option.long ?? '') && action.getOptionValueSource(option.attributeName()) !== undefined,
    );
    if (given.length !== 1) action.error(`error: give ${given.length > 1 ? 'only ' : ''}one of ${flags.join(', ')}`);
  });
  return command;
}

/** Parses the value of an option that is a whole number. */
export function wholeNumber(what: string, { min, max }: { readonly min: number; readonly max: number }) {
  return (value: string): number => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= min && number <= max)) throw new InvalidArgumentError(`Give ${what} from ${min} to ${max}.`);
    return number;
  };
}

/** Parses the value of an option that has a pattern. */
export function matching(pattern: RegExp, what: string) {
  return (value: string): string => {
    if (!pattern.test(value)) throw new InvalidArgumentError(`Give ${what}.`);
    return value;
  };
}

function throwUsageErrors<C extends CommandUnknownOpts>(command: C): C {
  command.exitOverride((error) => {
    if (error.exitCode === 0) throw error; // help was shown
    const path = pathOf(command);
    // commander.help: a group without a subcommand
    throw error.code === 'commander.help'
      ? new UsageError(`${path} needs a command`, command.helpInformation().trimEnd())
      : new UsageError(messageOf(error, command), `Run "${path} --help" for help.`);
  });
  return command;
}

function messageOf({ code, message }: CommanderError, command: CommandUnknownOpts): string {
  const [line = '', ...suggestion] = message.replace(/^error: /, '').split('\n');
  switch (code) {
    case 'commander.unknownCommand':
      return [`there is no command ${JSON.stringify(wordsOf(command, command.args[0]))}`, ...suggestion].join(' ');
    case 'commander.excessArguments':
      // Not the argument itself: it may be a secret whose option was forgotten.
      return 'a value without an option: name its option, and quote a value that contains spaces';
    case 'commander.missingMandatoryOptionValue': {
      // Commander looks for unknown options afterwards, although one may be the required one, misspelt.
      const unknown = command.args.find((word) => word.startsWith('-'));
      return unknown === undefined ? line : `${unknownOption(unknown)}, and ${line}`;
    }
    case 'commander.unknownOption': {
      const word = message.slice(message.indexOf("'") + 1);
      // Commander suggests nothing for an option with a value.
      const hint = /^--[\w-]+'\n(\(Did you mean [^\n]*\))$/.exec(word)?.[1];
      return [unknownOption(word), ...(hint === undefined ? [] : [hint])].join(' ');
    }
    default:
      return [line, ...suggestion].join(' ');
  }
}

/** Only the flag, not the value that follows it: the value may be a secret. */
function unknownOption(word: string): string {
  const flag = /^(--[\w-]+|-\w)/.exec(word)?.[0];
  return flag === undefined ? 'unknown option' : `unknown option '${flag}'`;
}

/** `user add`: the path without the program. */
function wordsOf(command: CommandUnknownOpts, ...more: readonly (string | undefined)[]): string {
  return [...pathOf(command).split(' ').slice(1), ...more].join(' ');
}

/** `gatehouse user add` */
function pathOf(command: CommandUnknownOpts): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/**
 * Commander lets the last occurrence of an option win, and takes a following option for the value of an option that has
 * none. Both are mistakes that must not go unnoticed: `--username --password-stdin` would create a user of that name.
 */
function checkOccurrences(command: CommandUnknownOpts, argv: readonly string[]): void {
  const given = new Map<string, string>();
  argv.forEach((word, index) => {
    const flag = word.split('=', 1)[0] ?? '';
    const option = command.options.find(({ long }) => long === flag);
    if (!option) return;
    const takesValue = option.required || option.optional;
    const next = argv[index + 1] ?? '';
    if (takesValue && word === flag && next.length > 1 && next.startsWith('-'))
      command.error(`error: ${flag} has no value; write ${flag}=<value> if the value begins with a hyphen`);
    const before = given.get(option.attributeName());
    if (before !== undefined && before !== flag) command.error(`error: ${before} and ${flag} cannot be combined`);
    if (before === flag && takesValue && !option.variadic) command.error(`error: ${flag} was given twice`);
    given.set(option.attributeName(), flag);
  });
}

function optionDescription(this: Help, option: Option): string {
  const text = Help.prototype.optionDescription.call(this, option);
  return option.mandatory && option.defaultValue === undefined ? `${text} (required)` : text;
}

/** The help of the program lists all commands, not only the groups. */
function formatHelp(this: Help, command: CommandUnknownOpts, helper: Help): string {
  const lists = command.parent === null ? Object.assign(Object.create(helper) as Help, flattened) : helper;
  return Help.prototype.formatHelp.call(this, command, lists);
}

const flattened: Pick<Help, 'visibleCommands' | 'subcommandTerm'> = {
  visibleCommands: (program) =>
    program.commands.flatMap((command) => (command.commands.length > 0 ? command.commands : [command])),
  subcommandTerm: (command) => wordsOf(command),
};

const maxTermWidth = 34;

function padWidth(this: Help, command: CommandUnknownOpts, helper: Help): number {
  return Math.min(Help.prototype.padWidth.call(this, command, helper), maxTermWidth);
}

/** The description of a long option begins on the next line. */
function formatItem(this: Help, term: string, termWidth: number, description: string, helper: Help): string {
  const format = Help.prototype.formatItem;
  if (helper.displayWidth(term) <= termWidth) return format.call(this, term, termWidth, description, helper);
  return `${format.call(this, term, termWidth, '', helper)}\n${format.call(this, '', termWidth, description, helper)}`;
}
