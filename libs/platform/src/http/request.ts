import { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { randomHex } from '../secrets/random.js';
import { Form } from './form.js';
import { normalAddress, trustsNoProxy, type TrustedProxies } from './trusted-proxies.js';

/** The part of Express' request that controllers use. */
export interface WebRequest extends IncomingMessage {
  /** Path and query as sent. */
  readonly originalUrl: string;
  /** Decoded path parameters. */
  readonly params: Readonly<Record<string, string>>;
  /** The matched route: log its pattern, never the path itself. */
  readonly route?: { readonly path: string } | undefined;
}

/** A request, or a plain node:http message. */
type Message = IncomingMessage & { readonly originalUrl?: string | undefined };

/** The value of a cookie as sent; the first one if it is repeated. */
export function cookie(request: IncomingMessage, name: string): string | undefined {
  const header = request.headers.cookie;
  if (header === undefined) return undefined;
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}

/** The query parameters. */
export function query(request: Message): Form {
  const url = request.originalUrl ?? request.url ?? '';
  const mark = url.indexOf('?');
  return mark < 0 ? Form.empty : Form.parse(url.slice(mark + 1));
}

/** The path as sent, without the query. */
export function pathOf(request: Message): string {
  const url = request.originalUrl ?? request.url ?? '/';
  const mark = url.indexOf('?');
  return mark < 0 ? url : url.slice(0, mark);
}

/**
 * The path and query of a request target. Clients of proxies send it in absolute form, which an origin server must accept; its
 * host is chosen by the sender and must not be trusted.
 * @see RFC 9112 3.2.2
 */
export function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const authority = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(target)?.[0];
  if (authority === undefined) return target;
  const rest = target.slice(authority.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** A single header by its lower-case name; the first value if it is repeated. */
export function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

/** Whether a header came more than once, of which {@link header} gives the first or all in one. @param name in lower case */
export function isRepeated(request: IncomingMessage, name: string): boolean {
  const { rawHeaders } = request;
  let found = false;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const each = rawHeaders[index];
    if (each?.length !== name.length || each.toLowerCase() !== name) continue;
    if (found) return true;
    found = true;
  }
  return false;
}

/**
 * Whether the body is in a transfer coding beside a single `chunked`. Node.js undoes the last one alone, so that what is read
 * would be something else than what was sent.
 * @see RFC 9112 6.1
 */
export function hasUnknownCoding(request: IncomingMessage): boolean {
  const coding = request.headers['transfer-encoding'];
  return coding !== undefined && coding.trim().toLowerCase() !== 'chunked';
}

/** True when the client prefers a page over JSON. */
export function prefersHtml(request: IncomingMessage): boolean {
  const accept = request.headers.accept ?? '';
  const html = accept.indexOf('text/html');
  if (html < 0) return false;
  const json = accept.indexOf('application/json');
  return json < 0 || html < json;
}

const TRUSTED_PROXIES = Symbol('trusted proxies');

/** Sets the trusted proxies of all requests with this prototype; the adapter calls it once. */
export function trustProxies(requestPrototype: object, proxies: TrustedProxies): void {
  Object.defineProperty(requestPrototype, TRUSTED_PROXIES, { value: proxies });
}

/**
 * The client's address: that of the connection, or the right-most one in `X-Forwarded-For` that is not a trusted proxy.
 * IPv4-mapped IPv6 is returned as IPv4; `unknown` for a connection without an address.
 */
export function clientAddress(request: IncomingMessage & { readonly [TRUSTED_PROXIES]?: TrustedProxies }): string {
  const remote = normalAddress(request.socket.remoteAddress ?? '') ?? 'unknown';
  return (request[TRUSTED_PROXIES] ?? trustsNoProxy).clientBehind(remote, request.headers['x-forwarded-for']);
}

/** The rate-limit key of an address: an IPv4 address, or an IPv6 /64, which a single customer has. */
export function addressKey(address: string): string {
  if (isIP(address) !== 6) return address;
  return `${expandIPv6(address).slice(0, 4).join(':')}::/64`;
}

/**
 * The network of an address, for limits that a single customer must not evade: IPv4 /24, IPv6 /48, the largest prefix that
 * providers commonly assign to one site (RFC 6177 2; RIPE-690 4.2).
 */
export function networkKey(address: string): string {
  const version = isIP(address);
  if (version === 4) return `${address.split('.').slice(0, 3).join('.')}.0/24`;
  return version === 6 ? `${expandIPv6(address).slice(0, 3).join(':')}::/48` : address;
}

/** The eight groups of an IPv6 address without leading zeros. */
function expandIPv6(address: string): readonly string[] {
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  return [...left, ...Array<string>(zeros).fill('0'), ...right].map((group) =>
    group.replace(/^0+(?=.)/, '').toLowerCase(),
  );
}

const NO_PARAMETERS = Object.freeze({});
const REQUEST_ID = Symbol('request id');
const TRACE_PARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/;

/**
 * The request's id, shown on error pages and in the log: the trace id that came with the request, or a random one.
 * @see W3C Trace Context 3.2
 */
export function requestId(request: IncomingMessage & { [REQUEST_ID]?: string | undefined }): string {
  const sent = request[REQUEST_ID] === undefined ? header(request, 'traceparent') : undefined;
  return (request[REQUEST_ID] ??= (sent === undefined ? undefined : TRACE_PARENT.exec(sent)?.[1]) ?? randomHex(16));
}

/**
 * A request as this server creates it: initializes all properties that are set later, so that every request has the same
 * hidden class, which engines optimize.
 */
export class ReceivedRequest extends IncomingMessage {
  readonly receivedAt = performance.now();
  originalUrl: string | undefined = undefined;
  params: Readonly<Record<string, string>> = NO_PARAMETERS;
  route: { readonly path: string } | undefined = undefined;
  [REQUEST_ID]: string | undefined = undefined;
}
