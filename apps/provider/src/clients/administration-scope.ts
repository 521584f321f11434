import { isDynamicallyRegistered, type Client, type Scope } from '@gatehouse/domain/oauth';

/**
 * What a client may still do at the administration's API, whatever its tokens say: nothing where it registered itself, and
 * nothing for itself where it is no service account.
 * @param client as endpoints see it (`ClientRules.asSeen`)
 * @param actsFor whom its token is for
 */
export function administrationScopeOf(client: Client, actsFor: 'itself' | 'a person'): Scope {
  if (isDynamicallyRegistered(client.source)) return [];
  return actsFor === 'a person' || client.serviceAccount ? client.scope : [];
}
