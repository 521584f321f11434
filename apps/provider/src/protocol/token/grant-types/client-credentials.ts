import { Inject, Injectable } from '@nestjs/common';
import {
  isSubset,
  isAdministrationScope,
  OAuthError,
  standardScopes,
  type Client,
  type ClientCredentialsRequest,
} from '@gatehouse/domain/oauth';
import { ResourcesService } from '../../../resources/resources.service.js';
import type { GrantContext, GrantResult, GrantType } from './grant-type.js';

/** Scopes that speak of a person: a client that acts for itself has none. */
const personal = standardScopes;

/** RFC 6749 4.4: the client acts for itself. */
@Injectable()
export class ClientCredentialsGrant implements GrantType<ClientCredentialsRequest> {
  constructor(@Inject(ResourcesService) private readonly resources: ResourcesService) {}

  async validate(request: ClientCredentialsRequest, { client }: GrantContext): Promise<GrantResult> {
    if (client.type !== 'confidential')
      throw new OAuthError('unauthorized_client', 'A public client cannot act for itself.', {
        reason: 'client_credentials.public',
      });
    const asked = request.scope ?? client.defaultScope.filter((scope) => !personal.includes(scope));
    if (!isSubset(asked, client.scope) || asked.some((scope) => personal.includes(scope)))
      throw new OAuthError('invalid_scope', 'The scope is not one that this client may ask for by itself.', {
        reason: 'client_credentials.scope',
      });
    // An administrator said that it may act without a person; having the scope alone means through one.
    if (!client.serviceAccount && asked.some(isAdministrationScope))
      throw new OAuthError('invalid_scope', 'This client may not administrate by itself.', {
        reason: 'client_credentials.administration',
      });
    return {
      kind: 'granted',
      endsWith: 'client',
      authority: {
        clientId: client.id,
        userId: undefined,
        grant: undefined,
        scope: asked,
        resources: await this.checkResources(request.resources, client),
        mayRefresh: false,
      },
      redeem: () => undefined,
    };
  }

  /** @throws OAuthError invalid_target for an API that is not there, or does not let this client act for itself */
  private async checkResources(asked: readonly string[], client: Client): Promise<readonly string[]> {
    if (asked.length === 0) return asked;
    const resources = await this.resources.getAll(asked);
    if (!client.serviceAccount && resources.some((resource) => resource.access !== 'anyone'))
      throw new OAuthError('invalid_target', 'This client may not act for itself at this resource.', {
        reason: 'resource.not_allowed',
      });
    return asked;
  }
}
