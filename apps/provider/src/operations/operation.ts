import type { Unit } from '@gatehouse/platform/database/store';
import type { AuditType } from '../audit/audit.service.js';
import type { Actor } from './actor.js';

/** What an operation changed, for the audit log. */
export interface Change {
  readonly type: AuditType;
  /** The user, session, grant … that was changed. */
  readonly subjectId?: string | undefined;
  readonly clientId?: string | undefined;
  /** The record before and after: the event names the members that differ. Left out where there was or is none, or no record. */
  readonly before?: object | undefined;
  readonly after?: object | undefined;
  /** Members of both whose values are never written down: the event says that they changed. */
  readonly secrets?: readonly string[];
  /** What else identifies it, and is no secret. */
  readonly details?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/** What came of an operation. */
export interface OperationOutcome<Result> {
  readonly result: Result;
  /** An audit event each. Empty where there was nothing to do. */
  readonly changes: readonly Change[];
}

/**
 * One act that changes accounts, clients, resources, grants, sessions, keys or settings, whoever asks for it: a page, the
 * API, the command line, a job. {@link Operations.execute} runs it.
 */
export interface Operation<Input, Result, Prepared = Input> {
  /**
   * What must not happen in a unit of work: hashing, look-ups in the network, counting attempts that must stay counted. It
   * decides no rights; where it verifies a password or counts an attempt, it asks the policy too, so that nobody guesses
   * who would be refused.
   * @throws OperationError invalid
   */
  prepare(actor: Actor, input: Input): Promise<Prepared>;

  /**
   * Locks and reads the record, asks the module's policy, checks, and changes. It may run twice, when a transaction
   * cannot be serialized, and has no effects outside the unit. Another operation may call it in a unit of its own.
   * @throws OperationError
   */
  perform(unit: Unit, actor: Actor, prepared: Prepared): Promise<OperationOutcome<Result>>;

  /** After the commit, in this process: caches to drop. An operation that performs another calls the other's. */
  committed?(result: Result): void;
}

/** An operation that has nothing to prepare. */
export abstract class SimpleOperation<Input, Result> implements Operation<Input, Result> {
  prepare(_actor: Actor, input: Input): Promise<Input> {
    return Promise.resolve(input);
  }

  abstract perform(unit: Unit, actor: Actor, input: Input): Promise<OperationOutcome<Result>>;
}
