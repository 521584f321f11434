import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { allowScopes, nothingAllowed, type AllowedScopes } from '@gatehouse/domain/oauth';
import { claimsBeyondScope, initiateLoginAddress } from '@gatehouse/domain/oidc';
import { ClientsService } from '../clients/clients.service.js';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { ConsentsService } from '../consents/consents.service.js';
import { GrantsService } from '../grants/grants.service.js';
import { ConsentTexts, type Permissions } from '../sign-in/consent-texts.service.js';
import { claimSentence } from '../sign-in/scope-sentences.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';

/** What a user allowed an application to do. */
export interface ConnectedApplication extends Permissions {
  readonly clientId: string;
  readonly name: string;
  readonly since: EpochSeconds;
  /** Undefined if it has no active grant. */
  readonly lastUsedAt: EpochSeconds | undefined;
  /** Starts a login at the application (OpenID Connect Core 4); undefined if it has no `initiate_login_uri`. */
  readonly openHref: string | undefined;
}

/** More grants would add nothing useful to the page. */
const maxGrants = 500;

/** The applications that act on a user's behalf, by a remembered consent or by an active grant that needed none. */
@Injectable()
export class ConnectedApplications {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(ConsentTexts) private readonly texts: ConsentTexts,
    @Inject(ConsentsService) private readonly consents: ConsentsService,
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(ClientsService) private readonly clients: ClientsService,
  ) {}

  async listOf(context: UserRequestContext): Promise<ConnectedApplication[]> {
    const consents = await this.consents.listOf(context.user.id);
    const { grants } = await this.grants.list({ userId: context.user.id, limit: maxGrants }, context.now);
    const ids = [...new Set([...consents, ...grants].map(({ clientId }) => clientId))];
    const applications: ConnectedApplication[] = [];
    for (const clientId of ids) {
      const client = await this.clients.find(clientId);
      if (!client) continue;
      const consent = consents.find((each) => each.clientId === clientId);
      const own = grants.filter((each) => each.clientId === clientId);
      const claims = union(
        consent?.claims,
        ...own.map((grant) => (grant.claims ? claimsBeyondScope(grant.claims, grant.scope) : [])),
      );
      const permissions = await this.texts.of(own.reduce<AllowedScopes>(allowScopes, consent ?? nothingAllowed));
      const uses = own.map((grant) => grant.lastUsedAt);
      applications.push({
        clientId,
        name: client.name,
        ...permissions,
        server: [...permissions.server, ...claims.map((each) => ({ name: each, sentence: claimSentence(each) }))],
        since: consent?.createdAt ?? own.at(-1)?.createdAt ?? context.now,
        lastUsedAt: uses.length === 0 ? undefined : uses.reduce((latest, use) => (use > latest ? use : latest)),
        openHref:
          client.initiateLoginUri === undefined || client.disabledAt !== undefined
            ? undefined
            : initiateLoginAddress(client.initiateLoginUri, this.settings.issuer),
      });
    }
    return applications;
  }
}

function union(...lists: readonly (readonly string[] | undefined)[]): string[] {
  return [...new Set(lists.flatMap((list) => list ?? []))];
}
