import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Reply } from '@gatehouse/platform/http/reply';
import { header } from '@gatehouse/platform/http/request';

const allowed = new WeakMap<IncomingMessage, string>();
const offered = new WeakMap<IncomingMessage, string>();

/** Lets scripts of this origin read the answer to this request. Never with cookies: there is no Allow-Credentials. */
export function allowOrigin(request: IncomingMessage, origin: string): void {
  allowed.set(request, origin);
}

/** The headers that say so; none for everybody else. */
export function corsHeaders(request: IncomingMessage): OutgoingHttpHeaders {
  const origin = allowed.get(request);
  if (origin === undefined) return {};
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Expose-Headers': 'WWW-Authenticate, DPoP-Nonce',
    Vary: 'Origin',
  };
}

/**
 * A browser asks whether it may ask. It is told yes whoever it is: the question carries nothing, and whether the answer
 * may be read is decided with the request itself.
 * @param methods that the endpoint takes
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

/** Whatever this request is answered with tells the client the nonce of its next proof (RFC 9449 8). */
export function offerNonce(request: IncomingMessage, nonce: string): void {
  offered.set(request, nonce);
}

/** The header that says so; none where no nonce is offered. */
export function nonceHeaders(request: IncomingMessage): OutgoingHttpHeaders {
  const nonce = offered.get(request);
  return nonce === undefined ? {} : { 'DPoP-Nonce': nonce };
}
