import { isDynamicallyRegistered, type Client, type Scope } from '@gatehouse/domain/oauth';

/**
 * The scopes that a client may use at the administration API, whatever its tokens contain: none for a dynamically
 * registered client, and none in its own name unless it is a service account.
 * @param client as endpoints see it (`ClientRules.effective`)
 * @param actsFor whom the token was issued for
 */
export function administrationScopeOf(client: Client, actsFor: 'itself' | 'a person'): Scope {
  if (isDynamicallyRegistered(client.source)) return [];
  return actsFor === 'a person' || client.serviceAccount ? client.scope : [];
}
