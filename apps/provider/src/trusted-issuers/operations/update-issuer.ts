import { Inject, Injectable } from '@nestjs/common';
import type { TrustedIssuer, TrustedIssuerDraft } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/platform/database/store';
import { revisionOf } from '../../web/revision.js';
import type { Actor } from '../../operations/actor.js';
import { recordChanged, invalidInput, notFound } from '../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../operations/operation.js';
import { requireAllowed } from '../../operations/policy.js';
import { IssuerReferences } from '../issuer-references.service.js';
import { issuerRepresentation } from '../issuer-representation.js';
import { mayManageIssuers } from '../policy.js';
import { TrustedIssuers } from '../trusted-issuers.service.js';

export interface UpdateIssuerInput {
  readonly id: string;
  readonly draft: TrustedIssuerDraft;
  /** The revision of the issuer that the change is based on; by default it is not checked. */
  readonly revision?: string | undefined;
}

/** Changes a trusted issuer. Tokens that were issued for assertions which are not accepted any more are revoked. */
@Injectable()
export class UpdateIssuer extends SimpleOperation<UpdateIssuerInput, TrustedIssuer> {
  constructor(
    @Inject(TrustedIssuers) private readonly issuers: TrustedIssuers,
    @Inject(IssuerReferences) private readonly references: IssuerReferences,
  ) {
    super();
  }

  async perform(unit: Unit, actor: Actor, input: UpdateIssuerInput): Promise<OperationOutcome<TrustedIssuer>> {
    const { id, draft, revision } = input;
    requireAllowed(actor, mayManageIssuers(actor));
    const before = await this.issuers.lockAndRead(unit, id);
    if (!before) throw notFound('issuer');
    if (revision !== undefined && revision !== revisionOf(before)) throw recordChanged();
    await this.references.check(draft);
    const saved = await this.issuers.update(unit, before, draft, actor.now);
    if ('problems' in saved) throw invalidInput(saved.problems);
    const change = {
      type: 'trusted_issuer.updated',
      subjectId: id,
      details: { issuer: saved.trusted.issuer },
      before: issuerRepresentation(before),
      after: issuerRepresentation(saved.trusted),
    } as const;
    return { result: saved.trusted, changes: [change] };
  }
}
