import { Refusal } from './refusal.js';

/** What the core needs of a request, whatever framework it came through. */
export interface IncomingRequest {
  readonly method: string;
  /** As the client knows it, scheme and host included; a query is passed over (RFC 9449 4.3). */
  readonly url: string;
  readonly authorization: string | undefined;
  /** The `DPoP` header; several are one text with commas, or a list. */
  readonly dpop: string | readonly string[] | undefined;
}

export interface Credentials {
  readonly scheme: 'Bearer' | 'DPoP';
  readonly token: string;
}

const maxCharacters = 16_384;
/** RFC 6750 2.1 */
const form = /^(bearer|dpop) +([A-Za-z0-9\-._~+/]+=*)$/i;

/**
 * The token of the `Authorization` header: the one place that it may come in.
 * @throws Refusal missing, invalid_request
 */
export function readCredentials(authorization: string | undefined): Credentials {
  if (authorization === undefined || !/^(bearer|dpop)( |$)/i.test(authorization))
    throw new Refusal('missing', 'An access token is needed.');
  const [, scheme, token] = (authorization.length <= maxCharacters && form.exec(authorization)) || [];
  if (scheme === undefined || token === undefined)
    throw new Refusal('invalid_request', 'The Authorization header is malformed.');
  return { scheme: scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', token };
}
