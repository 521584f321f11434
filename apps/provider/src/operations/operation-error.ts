import type { FieldProblem } from '../web/form-errors.js';
import { text, type Message } from '../i18n/message.js';

export type OperationErrorCode =
  /** There is no such record. */
  | 'not_found'
  /** The actor may not do this. */
  | 'forbidden'
  /** The actor may see this, and not change it. */
  | 'read_only'
  /** The actor's sign-in is too old, or lacks the second factor. */
  | 'recent_sign_in'
  /** Members of the input are wrong: `problems`. */
  | 'invalid'
  /** It cannot be done in the record's present state. */
  | 'conflict'
  /** The record is not in the state that the change was made from. */
  | 'changed'
  /** Too much waits already: it may be tried again. */
  | 'busy'
  /** Tried or asked for too often. */
  | 'rate_limited'
  /** The one-time link that it needs was used, or has expired. */
  | 'link_spent';

interface Options {
  readonly problems?: readonly FieldProblem[];
  readonly missing?: 'sign-in' | 'second-factor';
}

/** Why an operation was refused. Nothing was changed: thrown in a unit of work, it rolls back. */
export class OperationError extends Error {
  /** What is wrong with the input, by its members. */
  readonly problems: readonly FieldProblem[];
  /** What a sign-in lacks. */
  readonly missing: 'sign-in' | 'second-factor' | undefined;

  constructor(
    readonly code: OperationErrorCode,
    readonly sentence: Message,
    { problems = [], missing }: Options = {},
  ) {
    super(`${code}: ${String(sentence)}`);
    this.name = 'OperationError';
    this.problems = problems;
    this.missing = missing;
  }
}

/** @param record what there is not: `user` */
export function notFound(record: string): OperationError {
  return new OperationError('not_found', `There is no ${record} of this id.`);
}

/** @param problems at least one */
export function invalidInput(problems: readonly FieldProblem[]): OperationError {
  return new OperationError('invalid', problems[0]?.message ?? text('error.form.invalid'), { problems });
}

/** @param sentence what was done too often */
export function rateLimited(sentence: Message): OperationError {
  return new OperationError('rate_limited', sentence);
}

/** The link was used already, or has expired. */
export function linkUsed(): OperationError {
  return new OperationError('link_spent', text('error.link.spent'));
}

/** The record was changed since it was read. */
export function recordChanged(): OperationError {
  return new OperationError('changed', text('problem.changedMeanwhile'));
}
