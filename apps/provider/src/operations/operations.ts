import { Inject, Injectable, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { isUniqueViolation } from '@gatehouse/platform/database/store-error';
import { Store, type Unit } from '@gatehouse/platform/database/store';
import { AuditService } from '../audit/audit.service.js';
import { auditActor, type Actor } from './actor.js';
import { changedMembers } from '../audit/changed-members.js';
import { CurrentActors } from './current-actors.js';
import type { Change, Operation } from './operation.js';

interface Options<Result> {
  /** Stores something in the same unit of work, such as the response to an idempotent request. */
  readonly alsoInUnit?: (unit: Unit, result: Result) => Promise<void>;
}

/** Runs each operation in its own unit of work, with an audit event for each change. */
@Injectable()
export class Operations {
  constructor(
    @Inject(ModuleRef) private readonly modules: ModuleRef,
    @Inject(Store) private readonly store: Store,
    @Inject(AuditService) private readonly audit: AuditService,
    @Inject(CurrentActors) private readonly actors: CurrentActors,
  ) {}

  /**
   * @param type the operation's class, a provider of any module
   * @throws OperationError when it fails; OAuthError invalid_token when the actor's access token has ended
   */
  async execute<Input, Result, Prepared>(
    type: Type<Operation<Input, Result, Prepared>>,
    actor: Actor,
    input: Input,
    { alsoInUnit }: Options<Result> = {},
  ): Promise<Result> {
    const operation = this.modules.get(type, { strict: false });
    const prepared = await operation.prepare(actor, input);
    const perform = (): Promise<Result> =>
      this.store.run(async (unit) => {
        const performed = await operation.perform(unit, await this.actors.read(unit, actor), prepared);
        for (const change of performed.changes) await this.record(unit, actor, change);
        await alsoInUnit?.(unit, performed.result);
        return performed.result;
      });
    // A concurrent change took a unique value after it was checked: run again, the operation reports which member conflicts.
    const result = await perform().catch((error: unknown) => {
      if (isUniqueViolation(error)) return perform();
      throw error;
    });
    operation.committed?.(result);
    return result;
  }

  private async record(unit: Unit, actor: Actor, change: Change): Promise<void> {
    const { type, subjectId, clientId, before, after, secrets, details } = change;
    const changes = changedMembers(before ?? {}, after ?? {}, secrets);
    await this.audit.record(unit, {
      type,
      ...auditActor(actor),
      subjectId,
      clientId,
      details,
      ...(Object.keys(changes).length > 0 ? { changes } : {}),
    });
  }
}
