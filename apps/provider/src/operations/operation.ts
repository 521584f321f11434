import type { Unit } from '@gatehouse/platform/database/store';
import type { AuditType } from '../audit/audit.service.js';
import type { Actor } from './actor.js';

/** What an operation changed, for the audit log. */
export interface Change {
  readonly type: AuditType;
  /** The user, session, grant … that was changed. */
  readonly subjectId?: string | undefined;
  readonly clientId?: string | undefined;
  /**
   * The record before and after: the event contains the members that differ. Absent when the record did not exist, or
   * there is none.
   */
  readonly before?: object | undefined;
  readonly after?: object | undefined;
  /** Members whose values are not recorded, only that they changed. */
  readonly secrets?: readonly string[];
  /** Other identifying, non-secret details. */
  readonly details?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/** The result of an operation and its changes. */
export interface OperationOutcome<Result> {
  readonly result: Result;
  /** One audit event each. Empty when nothing was changed. */
  readonly changes: readonly Change[];
}

/**
 * One act that changes accounts, clients, resources, grants, sessions, keys or settings, for pages, the API, the command
 * line and jobs alike. {@link Operations.execute} runs it.
 */
export interface Operation<Input, Result, Prepared = Input> {
  /**
   * Work that must not run in a unit of work: hashing, network requests, counting attempts that must survive a rollback.
   * {@link perform} decides the rights; but where this method verifies a password or counts an attempt, it checks the
   * policy first, so that an actor without rights cannot use it for guessing.
   * @throws OperationError invalid
   */
  prepare(actor: Actor, input: Input): Promise<Prepared>;

  /**
   * Locks and reads the record, checks the module's policy and the input, and applies the change. May run twice, when a
   * transaction cannot be serialized, so it has no effects outside the unit of work. Another operation may call it in its
   * own unit.
   * @throws OperationError
   */
  perform(unit: Unit, actor: Actor, prepared: Prepared): Promise<OperationOutcome<Result>>;

  /** Called after the commit in this process, to clear caches. An operation that performs another one calls that one's. */
  committed?(result: Result): void;
}

/** An operation that has nothing to prepare. */
export abstract class SimpleOperation<Input, Result> implements Operation<Input, Result> {
  prepare(_actor: Actor, input: Input): Promise<Input> {
    return Promise.resolve(input);
  }

  abstract perform(unit: Unit, actor: Actor, input: Input): Promise<OperationOutcome<Result>>;
}
