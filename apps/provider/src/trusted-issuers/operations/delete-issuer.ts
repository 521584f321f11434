import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../operations/actor.js';
import { notFound } from '../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../operations/operation.js';
import { requireAllowed } from '../../operations/policy.js';
import { mayManageIssuers } from '../policy.js';
import { TrustedIssuers } from '../trusted-issuers.service.js';

/** Deletes a trusted issuer: its assertions are no longer accepted, and tokens issued for them are revoked. */
@Injectable()
export class DeleteIssuer extends SimpleOperation<{ readonly id: string }, void> {
  constructor(@Inject(TrustedIssuers) private readonly issuers: TrustedIssuers) {
    super();
  }

  async perform(unit: Unit, actor: Actor, { id }: { readonly id: string }): Promise<OperationOutcome<void>> {
    requireAllowed(actor, mayManageIssuers(actor));
    const trusted = await this.issuers.lockAndRead(unit, id);
    if (!trusted) throw notFound('issuer');
    await this.issuers.remove(unit, id, actor.now);
    const details = { issuer: trusted.issuer };
    return { result: undefined, changes: [{ type: 'trusted_issuer.deleted', subjectId: id, details }] };
  }
}
