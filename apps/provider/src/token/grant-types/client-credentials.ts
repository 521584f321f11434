import { Injectable } from '@nestjs/common';
import { isSubset, OAuthError, parseScope, type Client, type Scope } from '@gatehouse/domain/oauth';
import type { GrantType, Proof } from './grant-type.js';

/** Scopes that speak of a person: a client that acts for itself has none. */
const personal: Scope = ['openid', 'profile', 'email', 'offline_access', 'roles'];

/** RFC 6749 4.4: the client acts for itself. */
@Injectable()
export class ClientCredentialsGrant implements GrantType {
  readonly name = 'client_credentials';

  // The interface promises a promise; nothing here has to wait.

  async prove(parameters: ReadonlyMap<string, string>, client: Client): Promise<Proof> {
    if (client.type !== 'confidential')
      throw new OAuthError('unauthorized_client', 'A public client cannot act for itself.', {
        reason: 'client_credentials.public',
      });
    const sent = parameters.get('scope');
    const asked =
      sent === undefined ? client.defaultScope.filter((scope) => !personal.includes(scope)) : parseScope(sent);
    if (!isSubset(asked, client.scope) || asked.some((scope) => personal.includes(scope)))
      throw new OAuthError('invalid_scope', 'The scope is not one that this client may ask for by itself.', {
        reason: 'client_credentials.scope',
      });
    return {
      kind: 'proved',
      authority: { clientId: client.id, userId: undefined, grant: undefined, scope: asked, mayRefresh: false },
      spend: () => Promise.resolve('spent'),
    };
  }
}
