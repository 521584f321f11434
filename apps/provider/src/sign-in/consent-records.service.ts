import { Inject, Injectable } from '@nestjs/common';
import { sha256 } from '@gatehouse/domain/kernel';
import { writeClientIdentity, type AuthorizationRequest, type Client } from '@gatehouse/domain/oauth';
import { allowedClaims, claimsBeyondScope, type ClaimName } from '@gatehouse/domain/oidc';
import { Store } from '@gatehouse/platform/database/store';
import { AuditService } from '../audit/audit.service.js';
import { ClientsService } from '../clients/clients.service.js';
import { ConsentsService } from '../consents/consents.service.js';
import type { ClientRequest } from '../protocol/authorization/declined-requests.service.js';
import { Interactions } from '../protocol/authorization/interactions.service.js';
import { ResourcesService } from '../resources/resources.service.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import { PageError } from '../web/page-error.js';

/** Records that a user consented to a client's request, and lets the request go on. */
@Injectable()
export class ConsentRecords {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Interactions) private readonly interactions: Interactions,
    @Inject(ConsentsService) private readonly consents: ConsentsService,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  /**
   * Records consent to the client that the page showed.
   * @param shown the identity of that client
   * @returns the id of the interaction to resume, or the current client if it differs from the one that was shown
   * @throws PageError request.expired if the client no longer exists
   */
  async record(
    context: UserRequestContext,
    clientRequest: ClientRequest,
    shown: string | undefined,
  ): Promise<string | { readonly changed: Client }> {
    const { user, now, address, requestId, browser, addressKey } = context;
    const definedScopes = await this.resources.definedScopes(requestedAccess(clientRequest.interaction).resources);
    return this.store.run(async (unit) => {
      // The cached client may be outdated, and another process can change the row at this moment: RFC 7592 2.2.
      const client = await this.clients.lockShared(unit, clientRequest.client.id);
      if (!client) throw new PageError('request.expired');
      if (shown !== identityOf(client)) return { changed: client };
      const { scope, resources } = requestedAccess(clientRequest.interaction);
      const claims = claimsOf(clientRequest);
      const consent = { userId: user.id, clientId: client.id, scope, claims, resources, definedScopes };
      await this.consents.record(unit, consent, now);
      await this.audit.record(unit, {
        type: 'consent.recorded',
        actorId: user.id,
        clientId: client.id,
        address,
        requestId,
      });
      const owner = { browserHash: browser.hash, addressKey, userId: user.id };
      return this.interactions.advance(unit, clientRequest.interaction, 'consented', owner, now);
    });
  }
}

/** Tells whether the client is still the one that a page showed. */
export function identityOf(client: Client): string {
  return sha256(writeClientIdentity(client)).toString('base64url');
}

/** The claims that the request asks for by name and that none of its scopes covers. */
export function claimsOf({ interaction, client }: ClientRequest): ClaimName[] {
  if (interaction.kind === 'device') return [];
  const claims = allowedClaims(interaction.request.claims, client);
  return claims ? claimsBeyondScope(claims, interaction.request.scope) : [];
}

export function requestedAccess(
  interaction: ClientRequest['interaction'],
): Pick<AuthorizationRequest, 'scope' | 'resources'> {
  return interaction.kind === 'device' ? interaction.device : interaction.request;
}
