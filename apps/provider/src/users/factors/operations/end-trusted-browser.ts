import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../../operations/actor.js';
import { SimpleOperation, type OperationOutcome } from '../../../operations/operation.js';
import { requireUser } from '../../../operations/policy.js';
import { TrustedBrowsers } from '../trusted-browsers.service.js';

/** Ends the trust in one of the actor's browsers. Needs no recent sign-in: it only makes the next sign-in there stricter. */
@Injectable()
export class EndTrustedBrowser extends SimpleOperation<{ readonly selector: number }, void> {
  constructor(@Inject(TrustedBrowsers) private readonly trusted: TrustedBrowsers) {
    super();
  }

  /** @throws OperationError not_found if the actor is not a user */
  async perform(
    unit: Unit,
    actor: Actor,
    { selector }: { readonly selector: number },
  ): Promise<OperationOutcome<void>> {
    const { userId } = requireUser(actor);
    // Idempotent: one that has ended already, or belongs to another user, changes nothing.
    const ended = await this.trusted.end(unit, userId, selector);
    return { result: undefined, changes: ended ? [{ type: 'browser.untrusted', subjectId: userId }] : [] };
  }
}
