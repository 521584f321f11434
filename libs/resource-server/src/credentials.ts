import { Refusal } from './refusal.js';

/** The required parts of a request, independent of the framework. */
export interface IncomingRequest {
  readonly method: string;
  /** The URL as the client knows it, including scheme and host; a query is ignored (RFC 9449 4.3). */
  readonly url: string;
  readonly authorization: string | undefined;
  /** The `DPoP` header; several are a list, or joined with commas. */
  readonly dpop: string | readonly string[] | undefined;
}

export interface Credentials {
  readonly scheme: 'Bearer' | 'DPoP';
  readonly token: string;
}

const maxCharacters = 16_384;
/** RFC 6750 2.1 */
const headerFormat = /^(bearer|dpop) +([A-Za-z0-9\-._~+/]+=*)$/i;

/**
 * The token of the `Authorization` header; no other method of sending it is supported.
 * @throws Refusal missing, invalid_request
 */
export function readCredentials(authorization: string | undefined): Credentials {
  if (authorization === undefined || !/^(bearer|dpop)( |$)/i.test(authorization))
    throw new Refusal('missing', 'An access token is required.');
  const [, scheme, token] = (authorization.length <= maxCharacters && headerFormat.exec(authorization)) || [];
  if (scheme === undefined || token === undefined)
    throw new Refusal('invalid_request', 'The Authorization header is malformed.');
  return { scheme: scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', token };
}
