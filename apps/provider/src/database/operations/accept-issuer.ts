import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import { RecordedIssuer } from '../recorded-issuer.service.js';
import type { Actor } from '../../operations/actor.js';
import { SimpleOperation, type OperationOutcome } from '../../operations/operation.js';
import { commandLineOnly, requireAllowed } from '../../operations/policy.js';

/** Replaces the recorded issuer of the database by the issuer of the settings. */
@Injectable()
export class AcceptIssuer extends SimpleOperation<Readonly<Record<string, never>>, void> {
  constructor(@Inject(RecordedIssuer) private readonly recorded: RecordedIssuer) {
    super();
  }

  /** @throws OperationError forbidden unless the actor is the command line */
  async perform(unit: Unit, actor: Actor): Promise<OperationOutcome<void>> {
    requireAllowed(actor, commandLineOnly(actor));
    await this.recorded.accept(unit, actor.now);
    return { result: undefined, changes: [] };
  }
}
