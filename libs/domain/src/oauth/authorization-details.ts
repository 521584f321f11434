import { OAuthError } from './oauth-error.js';

/**
 * Refuses what is not supported yet: a client must not take an answer without these details for one that grants them.
 * @throws OAuthError invalid_authorization_details
 * @see RFC 9396 5, 6.1
 */
export function refuseAuthorizationDetails(parameters: ReadonlyMap<string, string>): void {
  if (parameters.has('authorization_details'))
    throw new OAuthError(
      'invalid_authorization_details',
      'The parameter authorization_details is not supported: ask for scopes.',
      { reason: 'authorization_details.unsupported' },
    );
}
