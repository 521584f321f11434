import { OAuthError } from '@gatehouse/domain/oauth';
import { RepeatedParameter, UnsupportedBody } from '@gatehouse/server/web/form';
import { readForm } from '@gatehouse/server/web/read-form';
import { Reply } from '@gatehouse/server/web/reply';
import { addressKey, clientAddress, header, pathOf, requestId, type WebRequest } from '@gatehouse/server/web/request';
import type { PresentedCredentials } from './client-authentication.js';

const mostBodyBytes = 64 * 1024;
/** RFC 8707 2 */
const repeatable = ['resource'];

/**
 * The body of a request that a client makes, each parameter once.
 * @throws OAuthError invalid_request for another kind of body or a repeated parameter (RFC 6749 3.2); BodyTooLarge
 */
export async function readProtocolRequest(request: WebRequest): Promise<PresentedCredentials> {
  try {
    const form = await readForm(request, { limitBytes: mostBodyBytes });
    return {
      parameters: form.protocolParameters(repeatable),
      authorization: header(request, 'authorization'),
      path: pathOf(request),
      asker: () => askerOf(request),
    };
  } catch (error) {
    if (error instanceof RepeatedParameter)
      throw new OAuthError('invalid_request', 'A parameter is repeated.', {
        cause: error,
        reason: 'parameter.repeated',
      });
    if (error instanceof UnsupportedBody)
      throw new OAuthError('invalid_request', 'The body must be application/x-www-form-urlencoded.', {
        cause: error,
        reason: 'body.type',
      });
    throw error;
  }
}

/** Computed where it is needed: most requests look nothing up for their sender. */
function askerOf(request: WebRequest): ReturnType<PresentedCredentials['asker']> {
  const address = clientAddress(request);
  return { address, addressKey: addressKey(address), requestId: requestId(request) };
}

/** RFC 6749 3.2, RFC 7662 2.1, RFC 7009 2.1: these endpoints take POST alone. */
export function postOnly(): Reply {
  return Reply.json(
    { error: 'invalid_request', error_description: 'This endpoint takes POST.' },
    { status: 405, headers: { Allow: 'POST' } },
  );
}
