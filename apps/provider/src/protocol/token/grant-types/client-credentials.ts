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

/** Scopes of user claims, which a client cannot use on its own behalf. */
const userScopes = standardScopes;

/** RFC 6749 4.4: the client acts on its own behalf. */
@Injectable()
export class ClientCredentialsGrant implements GrantType<ClientCredentialsRequest> {
  constructor(@Inject(ResourcesService) private readonly resources: ResourcesService) {}

  async validate(request: ClientCredentialsRequest, { client }: GrantContext): Promise<GrantResult> {
    if (client.type !== 'confidential')
      throw new OAuthError('unauthorized_client', 'A public client cannot use the client credentials grant.', {
        reason: 'client_credentials.public',
      });
    const requested = request.scope ?? client.defaultScope.filter((scope) => !userScopes.includes(scope));
    if (!isSubset(requested, client.scope) || requested.some((scope) => userScopes.includes(scope)))
      throw new OAuthError(
        'invalid_scope',
        'The client may not request this scope with the client credentials grant.',
        {
          reason: 'client_credentials.scope',
        },
      );
    // Administration scopes require a service account. Otherwise the client may only use them on behalf of a user.
    if (!client.serviceAccount && requested.some(isAdministrationScope))
      throw new OAuthError(
        'invalid_scope',
        'Only a service account may request administration scopes with the client credentials grant.',
        {
          reason: 'client_credentials.administration',
        },
      );
    return {
      kind: 'granted',
      endsWith: 'client',
      authorizedGrant: {
        clientId: client.id,
        userId: undefined,
        grant: undefined,
        scope: requested,
        resources: await this.checkResources(request.resources, client),
        mayRefresh: false,
      },
      redeem: () => undefined,
    };
  }

  /**
   * @throws OAuthError invalid_target for an API that does not exist, or at which this client may not act on its own
   *   behalf
   */
  private async checkResources(requested: readonly string[], client: Client): Promise<readonly string[]> {
    if (requested.length === 0) return requested;
    const resources = await this.resources.getAll(requested);
    if (!client.serviceAccount && resources.some((resource) => resource.access !== 'anyone'))
      throw new OAuthError(
        'invalid_target',
        'This client may not use the client credentials grant for this resource.',
        {
          reason: 'resource.not_allowed',
        },
      );
    return requested;
  }
}
