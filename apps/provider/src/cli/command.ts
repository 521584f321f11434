import type { INestApplicationContext, Type } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Store } from '@gatehouse/platform/database/store';
import type { Settings } from '../config/settings.js';
import type { Operation } from '../operations/operation.js';

export interface OptionValues {
  /** The value of an option that may come once. */
  one(name: string): string | undefined;
  all(name: string): readonly string[];
  has(name: string): boolean;
}

/** What a command works with. */
export interface CommandContext {
  readonly app: INestApplicationContext;
  readonly store: Store;
  readonly settings: Settings;
  readonly now: EpochSeconds;
  readonly options: OptionValues;
  /**
   * Runs an operation as the command line.
   * @throws WrongRecord, Refused
   */
  execute<Input, Result, Prepared>(type: Type<Operation<Input, Result, Prepared>>, input: Input): Promise<Result>;
  /** One line or many from standard input, without one final newline. */
  readStdin(): Promise<string>;
}

/** What a command says: an object for programs, lines for people. */
export interface CommandResult {
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** 0 when left out: what it says may be bad although it ran. */
  readonly exitCode?: number | undefined;
  /** Instead of both: one object in each line, as many as there are. */
  readonly lines?: AsyncIterable<string> | undefined;
}

/** It ran, and what it found is bad: exit 1. */
export class Failed extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'Failed';
  }
}

export interface Command {
  /** `user add` */
  readonly name: string;
  readonly options: Readonly<Record<string, { readonly type: 'string' | 'boolean'; readonly multiple?: boolean }>>;
  run(context: CommandContext): Promise<CommandResult>;
}

/** Columns of text, as wide as their longest cell. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(header), ...rows.map(line)].join('\n');
}
