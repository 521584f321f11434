import { parseToken } from '@gatehouse/domain/kernel';
import type { ClientActor } from '../../src/operations/actor';
import { administrating, ownToken } from './admin-api';
import type { TestProvider } from './provider';
import type { Registered } from './tokens';

export function addServiceAccount(provider: TestProvider): Promise<Registered> {
  return provider.addClient({ name: 'Service account', ...administrating, scope: ['gatehouse:admin'] });
}

/** A service account as the API makes an actor of it: by a new access token. */
export async function serviceAccountActor(provider: TestProvider, registered: Registered): Promise<ClientActor> {
  const token = parseToken(await ownToken(provider, registered, 'gatehouse:admin'));
  if (!token) throw new Error('the service account got no token');
  return {
    kind: 'client',
    clientId: registered.client.id,
    tokenSelector: token.selector,
    address: '127.0.0.1',
    requestId: 'test',
    now: provider.clock.now(),
  };
}
