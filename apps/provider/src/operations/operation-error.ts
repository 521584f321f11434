import type { FieldProblem } from '../web/form-errors.js';
import { text, type Message } from '../i18n/message.js';

export type OperationErrorCode =
  /** There is no such record. */
  | 'not_found'
  /** The actor may not do this. */
  | 'forbidden'
  /** The actor may see this, but not change it. */
  | 'read_only'
  /** The actor's sign-in is too old, or lacks the second factor. */
  | 'recent_sign_in'
  /** Members of the input are invalid: see `problems`. */
  | 'invalid'
  /** Not possible in the current state of the record. */
  | 'conflict'
  /** The record has changed since the revision that the change is based on. */
  | 'changed'
  /** Too many requests are waiting: it may be retried. */
  | 'busy'
  /** Too many attempts or requests. */
  | 'rate_limited'
  /** The one-time link was used, or has expired. */
  | 'link_spent';

interface Options {
  readonly problems?: readonly FieldProblem[];
  readonly missing?: 'sign-in' | 'second-factor';
}

/** Why an operation failed. Nothing was changed: thrown in a unit of work, it causes a rollback. */
export class OperationError extends Error {
  /** The problems of the input, by member. */
  readonly problems: readonly FieldProblem[];
  /** What the sign-in lacks. */
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

/** @param record the kind of the missing record, such as `user` */
export function notFound(record: string): OperationError {
  return new OperationError('not_found', `There is no ${record} of this id.`);
}

/** @param problems at least one */
export function invalidInput(problems: readonly FieldProblem[]): OperationError {
  return new OperationError('invalid', problems[0]?.message ?? text('error.form.invalid'), { problems });
}

/** @param message names what was done too often */
export function rateLimited(message: Message): OperationError {
  return new OperationError('rate_limited', message);
}

/** The link was already used, or has expired. */
export function linkUsed(): OperationError {
  return new OperationError('link_spent', text('error.link.spent'));
}

/** The record was changed since it was read. */
export function recordChanged(): OperationError {
  return new OperationError('changed', text('problem.changedMeanwhile'));
}
