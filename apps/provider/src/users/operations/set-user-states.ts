import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../operations/actor.js';
import { OperationError } from '../../operations/operation-error.js';
import { SimpleOperation, type Change, type OperationOutcome } from '../../operations/operation.js';
import { SetUserState } from './set-user-state.js';

export interface UserStates {
  readonly ids: readonly string[];
  readonly disabled: boolean;
}

export interface ChangedStates {
  /** The number of accounts that were changed. */
  readonly changed: number;
  readonly keptAdministrator: boolean;
}

/** Disables or enables several accounts at once. Skips the last administrator and accounts that no longer exist. */
@Injectable()
export class SetUserStates extends SimpleOperation<UserStates, ChangedStates> {
  constructor(@Inject(SetUserState) private readonly setState: SetUserState) {
    super();
  }

  async perform(unit: Unit, actor: Actor, { ids, disabled }: UserStates): Promise<OperationOutcome<ChangedStates>> {
    const changes: Change[] = [];
    let keptAdministrator = false;
    // In a fixed order, so that two concurrent calls cannot deadlock.
    for (const id of [...new Set(ids)].sort()) {
      try {
        changes.push(...(await this.setState.perform(unit, actor, { id, disabled })).changes);
      } catch (error) {
        if (!(error instanceof OperationError) || !['not_found', 'conflict'].includes(error.code)) throw error;
        keptAdministrator ||= error.code === 'conflict';
      }
    }
    return { result: { changed: changes.length, keptAdministrator }, changes };
  }
}
