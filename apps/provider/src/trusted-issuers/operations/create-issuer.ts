import { Inject, Injectable } from '@nestjs/common';
import type { TrustedIssuer, TrustedIssuerDraft } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../operations/actor.js';
import { invalidInput } from '../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../operations/operation.js';
import { requireAllowed } from '../../operations/policy.js';
import { mayManageIssuers } from '../policy.js';
import { IssuerReferences } from '../issuer-references.service.js';
import { TrustedIssuers } from '../trusted-issuers.service.js';

/** Adds a trusted issuer, whose assertions can be exchanged for access tokens (RFC 7523). */
@Injectable()
export class CreateIssuer extends SimpleOperation<TrustedIssuerDraft, TrustedIssuer> {
  constructor(
    @Inject(TrustedIssuers) private readonly issuers: TrustedIssuers,
    @Inject(IssuerReferences) private readonly references: IssuerReferences,
  ) {
    super();
  }

  async perform(unit: Unit, actor: Actor, draft: TrustedIssuerDraft): Promise<OperationOutcome<TrustedIssuer>> {
    requireAllowed(actor, mayManageIssuers(actor));
    await this.references.check(draft);
    const created = await this.issuers.create(unit, draft, actor.now);
    if ('problems' in created) throw invalidInput(created.problems);
    const { id: subjectId, issuer } = created.trusted;
    return { result: created.trusted, changes: [{ type: 'trusted_issuer.created', subjectId, details: { issuer } }] };
  }
}
