import { Inject, Injectable } from '@nestjs/common';
import type { TrustedIssuer, TrustedIssuerDraft } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../operations/actor.js';
import { invalidInput } from '../../operations/operation-error.js';
import { SimpleOperation, type Performed } from '../../operations/operation.js';
import { demand } from '../../operations/policy.js';
import { mayManageIssuers } from '../policy.js';
import { IssuerReferences } from '../issuer-references.service.js';
import { TrustedIssuers } from '../trusted-issuers.service.js';

/** Adds a server whose assertions get access tokens here (RFC 7523). */
@Injectable()
export class CreateIssuer extends SimpleOperation<TrustedIssuerDraft, TrustedIssuer> {
  constructor(
    @Inject(TrustedIssuers) private readonly issuers: TrustedIssuers,
    @Inject(IssuerReferences) private readonly references: IssuerReferences,
  ) {
    super();
  }

  async perform(unit: Unit, actor: Actor, draft: TrustedIssuerDraft): Promise<Performed<TrustedIssuer>> {
    demand(actor, mayManageIssuers(actor));
    await this.references.check(draft);
    const made = await this.issuers.create(unit, draft, actor.now);
    if ('problems' in made) throw invalidInput(made.problems);
    const { id: subjectId, issuer } = made.trusted;
    return { result: made.trusted, changes: [{ type: 'trusted_issuer.created', subjectId, details: { issuer } }] };
  }
}
