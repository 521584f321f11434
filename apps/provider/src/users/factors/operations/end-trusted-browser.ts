import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../../operations/actor.js';
import { SimpleOperation, type Performed } from '../../../operations/operation.js';
import { demandOwner } from '../../../operations/policy.js';
import { TrustedBrowsers } from '../trusted-browsers.service.js';

/** A person trusts a browser no longer. No recent sign-in is needed: it only makes the next sign-in there harder. */
@Injectable()
export class EndTrustedBrowser extends SimpleOperation<{ readonly selector: number }, void> {
  constructor(@Inject(TrustedBrowsers) private readonly trusted: TrustedBrowsers) {
    super();
  }

  /** @throws OperationError not_found for an actor who is no person */
  async perform(unit: Unit, actor: Actor, { selector }: { readonly selector: number }): Promise<Performed<void>> {
    const { userId } = demandOwner(actor);
    // Gone already is what was wanted; another person's is as if it were not there.
    const ended = await this.trusted.end(unit, userId, selector);
    return { result: undefined, changes: ended ? [{ type: 'browser.untrusted', subjectId: userId }] : [] };
  }
}
