import { isBasic } from '@gatehouse/domain/oauth';
import { hasAssertion } from './client-assertion.js';
import type { ClientAuthentication } from './client-authentication.js';

/** A public client sends its `client_id` without authenticating (RFC 6749 3.2.1); PKCE protects the codes that it redeems. */
export const none: ClientAuthentication = {
  name: 'none',
  matches: ({ authorization, parameters }) =>
    parameters.has('client_id') &&
    !parameters.has('client_secret') &&
    !hasAssertion(parameters) &&
    !isBasic(authorization),
  clientId: ({ parameters }) => parameters.get('client_id'),
  authenticate: (_credentials, client) => Promise.resolve(client.type === 'public'),
};
