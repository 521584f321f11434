import type { ClientsService } from '../clients.service.js';
import type { ClientAuthentication } from './client-authentication.js';

/** The secret in the body (RFC 6749 2.3.1). */
export function clientSecretPost(clients: ClientsService): ClientAuthentication {
  return {
    name: 'client_secret_post',
    matches: ({ parameters }) => parameters.has('client_secret'),
    clientId: ({ parameters }) => parameters.get('client_id'),
    authenticate: async ({ parameters }, client, now) => {
      const secret = parameters.get('client_secret');
      return secret !== undefined && clients.verifySecret(client.id, secret, now);
    },
  };
}
