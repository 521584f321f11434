import { OAuthError } from './oauth-error.js';

/**
 * Rejects unsupported authorization_details: a client must not take a response without them as granting them.
 * @throws OAuthError invalid_authorization_details
 * @see RFC 9396 5, 6.1
 */
export function refuseAuthorizationDetails(parameters: ReadonlyMap<string, string>): void {
  if (parameters.has('authorization_details'))
    throw new OAuthError(
      'invalid_authorization_details',
      'The parameter authorization_details is not supported: request scopes instead.',
      { reason: 'authorization_details.unsupported' },
    );
}
