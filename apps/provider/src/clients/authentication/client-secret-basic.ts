import { isBasic, parseBasicCredentials } from '@gatehouse/domain/oauth';
import type { ClientsService } from '../clients.service.js';
import type { ClientAuthentication } from './client-authentication.js';

/** The secret in `Authorization: Basic` (RFC 6749 2.3.1). */
export function clientSecretBasic(clients: ClientsService): ClientAuthentication {
  return {
    name: 'client_secret_basic',
    matches: ({ authorization }) => isBasic(authorization),
    clientId: ({ authorization }) => parseBasicCredentials(authorization)?.clientId,
    authenticate: async ({ authorization }, client, now) => {
      const secret = parseBasicCredentials(authorization)?.secret;
      return secret !== undefined && clients.verifySecret(client.id, secret, now);
    },
  };
}
