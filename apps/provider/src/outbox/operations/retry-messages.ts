import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../operations/actor.js';
import { SimpleOperation, type OperationOutcome } from '../../operations/operation.js';
import { administratorsOnly, requireAllowed } from '../../operations/policy.js';
import { Outbox } from '../outbox.service.js';

export interface RetryMessagesInput {
  readonly selectors: readonly number[];
}

/** Makes messages due now, including those that were given up. Ignores those that no longer exist or are being delivered. */
@Injectable()
export class RetryMessages extends SimpleOperation<RetryMessagesInput, { readonly retried: number }> {
  constructor(@Inject(Outbox) private readonly outbox: Outbox) {
    super();
  }

  async perform(
    unit: Unit,
    actor: Actor,
    { selectors }: RetryMessagesInput,
  ): Promise<OperationOutcome<{ readonly retried: number }>> {
    requireAllowed(actor, administratorsOnly(actor));
    const retried = await this.outbox.retry(unit, selectors, actor.now);
    const [only] = selectors;
    const subjectId = selectors.length === 1 && only !== undefined ? String(only) : undefined;
    return {
      result: { retried },
      changes: retried === 0 ? [] : [{ type: 'message.retried', subjectId, details: { messages: retried } }],
    };
  }
}
