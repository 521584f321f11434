import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { claimsBeyondScope } from '@gatehouse/domain/oidc';
import { Store } from '@gatehouse/server/database/store';
import { AuditService } from '../audit/audit.service.js';
import { ClientsService } from '../clients/clients.service.js';
import { ConsentsService } from '../grants/consents.service.js';
import { GrantsService } from '../grants/grants.service.js';
import { claimLabel, scopeSentence } from '../interaction/scope-sentences.js';
import { actorOf } from '../users/actor.js';
import type { UserVisit } from '../users/visit.js';

/** What a person let an application do. */
export interface ConnectedApplication {
  readonly clientId: string;
  readonly name: string;
  readonly scopes: readonly { readonly name: string; readonly sentence: string }[];
  readonly since: EpochSeconds;
  /** Undefined when nothing of it lives. */
  readonly lastUsedAt: EpochSeconds | undefined;
}

/** Grants beyond these add nothing to a page that people read. */
const mostGrants = 500;

/** The applications that act on a person's behalf: by a remembered consent, or by a live grant that needed none. */
@Injectable()
export class ConnectedApplications {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(ConsentsService) private readonly consents: ConsentsService,
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  async listOf(visit: UserVisit): Promise<ConnectedApplication[]> {
    const consents = await this.consents.listOf(visit.user.id);
    const { grants } = await this.grants.list({ userId: visit.user.id, limit: mostGrants }, visit.now);
    const ids = [...new Set([...consents, ...grants].map(({ clientId }) => clientId))];
    const names = await this.clients.names(ids);
    return ids.flatMap((clientId) => {
      const name = names.get(clientId);
      if (name === undefined) return [];
      const consent = consents.find((each) => each.clientId === clientId);
      const own = grants.filter((each) => each.clientId === clientId);
      const scope = [...new Set([...(consent?.scope ?? []), ...own.flatMap((grant) => grant.scope)])];
      const claims = new Set<string>([
        ...(consent?.claims ?? []),
        ...own.flatMap((grant) => (grant.claims ? claimsBeyondScope(grant.claims, grant.scope) : [])),
      ]);
      const uses = own.map((grant) => grant.lastUsedAt);
      const since = consent?.createdAt ?? own.at(-1)?.createdAt ?? visit.now;
      return {
        clientId,
        name,
        scopes: [
          ...scope.map((each) => ({ name: each, sentence: scopeSentence(each) })),
          ...[...claims].map((each) => ({ name: each, sentence: `Read ${claimLabel(each)}` })),
        ],
        since,
        lastUsedAt: uses.length === 0 ? undefined : uses.reduce((latest, use) => (use > latest ? use : latest)),
      };
    });
  }

  /** Takes the consent back and ends every grant of this client. */
  async withdraw(visit: UserVisit, clientId: string): Promise<void> {
    await this.store.run(async (unit) => {
      if (!(await this.consents.withdraw(unit, visit.user.id, clientId, visit.now))) return;
      await this.audit.record(unit, {
        type: 'consent.withdrawn',
        ...actorOf(visit),
        clientId,
        subjectId: visit.user.id,
      });
    });
  }
}
