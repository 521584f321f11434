import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Reply } from '@gatehouse/platform/http/reply';
import { header } from '@gatehouse/platform/http/request';

const allowedOrigins = new WeakMap<IncomingMessage, string>();

/** Lets scripts of this origin read the response. Never with cookies: Access-Control-Allow-Credentials is not sent. */
export function allowOrigin(request: IncomingMessage, origin: string): void {
  allowedOrigins.set(request, origin);
}

/** The CORS headers of the response; none unless an origin is allowed. */
export function corsHeaders(request: IncomingMessage): OutgoingHttpHeaders {
  const origin = allowedOrigins.get(request);
  if (origin === undefined) return {};
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Expose-Headers': 'WWW-Authenticate, DPoP-Nonce',
    Vary: 'Origin',
  };
}

/**
 * Answers a CORS preflight request. It allows every origin: the preflight carries no data, and the actual request decides
 * whether its response may be read.
 * @param methods the methods of the endpoint
 * @see Fetch Standard, CORS protocol
 */
export function preflight(request: IncomingMessage, methods: string): Reply {
  const origin = header(request, 'origin');
  if (origin === undefined) return Reply.empty(204, { Allow: `${methods}, OPTIONS` });
  return Reply.empty(204, {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Allow-Methods': methods,
    'Access-Control-Allow-Headers': 'Authorization, Content-Type, DPoP',
    'Access-Control-Max-Age': '3600',
    Vary: 'Origin',
  });
}
