import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../operations/actor.js';
import type { Operation, OperationOutcome } from '../../operations/operation.js';
import { administratorsAfterRecentSignIn, requireAllowed } from '../../operations/policy.js';
import { keyKindNames, type KeyKind } from '../key-kinds.js';
import { KeysService, type NewKey, type ServerKey } from '../keys.service.js';

export interface RotateKeysInput {
  /** The new keys sign at once: for leaked keys. */
  readonly atOnce: boolean;
  /** Defaults to all. */
  readonly kinds?: readonly KeyKind[];
}

interface Prepared {
  readonly atOnce: boolean;
  readonly present: readonly ServerKey[];
  readonly newKeys: readonly NewKey[];
}

/** Generates new keys that replace the current ones. */
@Injectable()
export class RotateKeys implements Operation<RotateKeysInput, void, Prepared> {
  constructor(@Inject(KeysService) private readonly keys: KeysService) {}

  async prepare(actor: Actor, { atOnce, kinds = keyKindNames }: RotateKeysInput): Promise<Prepared> {
    // The unit of work decides the permissions; generating keys for an actor without them would only waste work.
    requireAllowed(actor, administratorsAfterRecentSignIn(actor));
    return { atOnce, present: await this.keys.published(actor.now), newKeys: await this.keys.generate(kinds) };
  }

  async perform(unit: Unit, actor: Actor, { atOnce, present, newKeys }: Prepared): Promise<OperationOutcome<void>> {
    requireAllowed(actor, administratorsAfterRecentSignIn(actor));
    await this.keys.replaceAll(unit, newKeys, { atOnce, present }, actor.now);
    return {
      result: undefined,
      changes: newKeys.map(({ kid, kind }) => ({ type: 'key.created', subjectId: kid, details: { algorithm: kind } })),
    };
  }

  committed(): void {
    this.keys.forget();
  }
}
