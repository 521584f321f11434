import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';

const offeredNonces = new WeakMap<IncomingMessage, string>();

/** Adds to the response the nonce for the client's next DPoP proof (RFC 9449 8). */
export function offerNonce(request: IncomingMessage, nonce: string): void {
  offeredNonces.set(request, nonce);
}

/** The `DPoP-Nonce` header of the response; none unless a nonce is offered. */
export function nonceHeaders(request: IncomingMessage): OutgoingHttpHeaders {
  const nonce = offeredNonces.get(request);
  return nonce === undefined ? {} : { 'DPoP-Nonce': nonce };
}
