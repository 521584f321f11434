import { OAuthError } from '@gatehouse/domain/oauth';
import { header, isRepeated, type WebRequest } from '@gatehouse/platform/http/request';

/**
 * The value of the Authorization header. Rejects a repeated header, of which a proxy in front of this server might
 * check another value than the one read here.
 * @throws OAuthError invalid_request
 * @see RFC 9110 5.3, 11.6.2; RFC 6749 5.2 (more than one mechanism)
 */
export function authorizationOf(request: WebRequest): string | undefined {
  const authorization = header(request, 'authorization');
  if (authorization !== undefined && isRepeated(request, 'authorization'))
    throw new OAuthError('invalid_request', 'The Authorization header is repeated.', {
      reason: 'request.repeated_authorization',
    });
  return authorization;
}
