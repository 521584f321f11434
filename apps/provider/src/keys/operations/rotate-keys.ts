import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../operations/actor.js';
import type { Operation, Performed } from '../../operations/operation.js';
import { administratorsAfterRecentSignIn, demand } from '../../operations/policy.js';
import { keyKindNames, type KeyKind } from '../key-kinds.js';
import { KeysService, type NewKey, type ServerKey } from '../keys.service.js';

export interface RotateKeysInput {
  /** The new keys are used at once: for keys that leaked. */
  readonly atOnce: boolean;
  /** Left out: all. */
  readonly kinds?: readonly KeyKind[];
}

interface Prepared {
  readonly atOnce: boolean;
  readonly present: readonly ServerKey[];
  readonly made: readonly NewKey[];
}

/** Makes new keys, which take the place of those that are used now. */
@Injectable()
export class RotateKeys implements Operation<RotateKeysInput, void, Prepared> {
  constructor(@Inject(KeysService) private readonly keys: KeysService) {}

  async prepare(actor: Actor, { atOnce, kinds = keyKindNames }: RotateKeysInput): Promise<Prepared> {
    // The rights are decided in the unit; making keys for an actor without them would only waste work.
    demand(actor, administratorsAfterRecentSignIn(actor));
    return { atOnce, present: await this.keys.published(actor.now), made: await this.keys.generate(kinds) };
  }

  async perform(unit: Unit, actor: Actor, { atOnce, present, made }: Prepared): Promise<Performed<void>> {
    demand(actor, administratorsAfterRecentSignIn(actor));
    await this.keys.replaceAll(unit, made, { atOnce, present }, actor.now);
    return {
      result: undefined,
      changes: made.map(({ kid, kind }) => ({ type: 'key.created', subjectId: kid, details: { algorithm: kind } })),
    };
  }

  committed(): void {
    this.keys.forget();
  }
}
