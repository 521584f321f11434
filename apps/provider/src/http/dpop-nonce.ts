import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';

const offered = new WeakMap<IncomingMessage, string>();

/** Whatever this request is answered with tells the client the nonce of its next proof (RFC 9449 8). */
export function offerNonce(request: IncomingMessage, nonce: string): void {
  offered.set(request, nonce);
}

/** The header that says so; none where no nonce is offered. */
export function nonceHeaders(request: IncomingMessage): OutgoingHttpHeaders {
  const nonce = offered.get(request);
  return nonce === undefined ? {} : { 'DPoP-Nonce': nonce };
}
