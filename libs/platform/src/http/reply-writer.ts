import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { formPostPage } from './form-post-page.js';
import type { Reply, ReplyContent, SetCookie, WrittenReply } from './reply.js';
import {
  contentPolicy,
  FRAMED_PAGE_POLICY,
  formPostPolicy,
  NON_PAGE_POLICY,
  pagePolicy,
  strictTransportSecurity,
  type HstsScope,
} from './security-headers.js';
import type { Views } from '../ui/views.js';

export interface ReplyWriterOptions {
  readonly views: Views;
  /** This server's origin; responses on https have HSTS. */
  readonly origin: string;
  /** `host` by default. */
  readonly hsts?: HstsScope | undefined;
  /** URL of the script that submits a form-post page; without it such a page has only its button. */
  readonly formPostScript?: string | undefined;
  /** Creates the view model of a page, for example in the user's language. */
  readonly present?: ((page: ShownPage, request: IncomingMessage | undefined) => object) | undefined;
}

export interface ShownPage {
  readonly view: string;
  readonly model: object;
  readonly languages?: readonly string[] | undefined;
}

const HTML = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';

/** Converts a controller's reply to status, headers and bytes. Sends nothing, so a view may still fail. */
export class ReplyWriter {
  /** Undefined on http, where browsers ignore it (RFC 6797 7.2). */
  private readonly strictTransportSecurity: string | undefined;

  constructor(private readonly options: ReplyWriterOptions) {
    this.strictTransportSecurity = options.origin.startsWith('https:')
      ? strictTransportSecurity(options.hsts ?? 'host')
      : undefined;
  }

  /** @param request the request; undefined for replies that do not depend on it */
  write(reply: Reply, request?: IncomingMessage): WrittenReply {
    const { content } = reply;
    if (content.kind === 'constant') return (content.written ??= this.compose(content.content));
    return this.compose(content, request);
  }

  private compose(content: ReplyContent, request?: IncomingMessage): WrittenReply {
    const { defaults, body } = this.defaultsOf(content, request);
    const headers = content.headers ? overridden(defaults, content.headers) : [...defaults];
    if (this.strictTransportSecurity !== undefined)
      headers.push('Strict-Transport-Security', this.strictTransportSecurity);
    if (content.cookies) for (const cookie of content.cookies) headers.push('Set-Cookie', cookieHeader(cookie));
    const length = body === undefined ? 0 : Buffer.byteLength(body);
    // RFC 9110 8.6: no Content-Length on responses without content
    if (content.status !== 204 && content.status !== 304) headers.push('Content-Length', String(length));
    return { status: content.status, headers, body, encoding: length === body?.length ? 'latin1' : 'utf8' };
  }

  private defaultsOf(
    content: ReplyContent,
    request: IncomingMessage | undefined,
  ): {
    readonly defaults: readonly string[];
    readonly body: Buffer | string | undefined;
  } {
    switch (content.kind) {
      case 'page': {
        const model = this.options.present?.(content, request) ?? content.model;
        const html = this.options.views.render(content.view, model);
        return { defaults: pageHeaders(pagePolicy(content.formActionSchemes, content.frameOrigins)), body: html };
      }
      case 'framed-page':
        return { defaults: FRAMED_PAGE_HEADERS, body: this.options.views.render(content.view, {}) };
      case 'form-post': {
        const html = formPostPage(content.action, content.parameters, this.options.formPostScript);
        return { defaults: pageHeaders(formPostPolicy(content.action)), body: html };
      }
      case 'json': {
        const { body } = content;
        return { defaults: JSON_HEADERS, body: typeof body === 'string' ? body : JSON.stringify(body) };
      }
      case 'bytes':
        return { defaults: bytesHeaders(content.contentType), body: content.body };
      case 'redirect':
        return { defaults: [...NO_STORE, ...REFERRER, 'Location', asciiUrl(content.location)], body: undefined };
      case 'empty':
        return { defaults: NO_STORE, body: undefined };
      case 'constant':
        throw new Error('a constant reply must not be of this kind');
    }
  }
}

const NO_SNIFF = ['X-Content-Type-Options', 'nosniff'];
const NO_STORE = ['Cache-Control', 'no-store', ...NO_SNIFF];
const JSON_HEADERS = [...NO_STORE, 'Content-Type', JSON_TYPE, 'Content-Security-Policy', NON_PAGE_POLICY];
// Not no-referrer: with that, forms of this server would have `Origin: null`.
const REFERRER = ['Referrer-Policy', 'same-origin'];

function anyPageHeaders(policy: string): string[] {
  return [...NO_STORE, ...REFERRER, 'Content-Type', HTML, 'Content-Security-Policy', policy];
}

function pageHeaders(policy: string): string[] {
  return [...anyPageHeaders(policy), 'X-Frame-Options', 'DENY'];
}

function bytesHeaders(contentType: string): string[] {
  return [...NO_SNIFF, 'Content-Type', contentType, 'Content-Security-Policy', contentPolicy(contentType)];
}

const FRAMED_PAGE_HEADERS = anyPageHeaders(FRAMED_PAGE_POLICY);

/** The defaults, replaced by the controller's headers; names are case-insensitive. */
function overridden(defaults: readonly string[], own: OutgoingHttpHeaders): string[] {
  const headers: string[] = [];
  const names = Object.keys(own);
  for (let at = 0; at + 1 < defaults.length; at += 2) {
    const name = defaults[at] ?? '';
    if (!names.some((other) => isSameName(name, other))) headers.push(name, defaults[at + 1] ?? '');
  }
  for (const name of names) {
    const value = own[name];
    if (typeof value === 'string') headers.push(name, value);
    else if (Array.isArray(value)) for (const one of value) headers.push(name, one);
    else if (value !== undefined) headers.push(name, String(value));
  }
  return headers;
}

function isSameName(a: string, b: string): boolean {
  return a === b || (a.length === b.length && a.toLowerCase() === b.toLowerCase());
}

/** @see RFC 6265 4.1.1 */
export function cookieHeader(cookie: SetCookie): string {
  // Values are base64url or tokens; anything else must not inject an attribute.
  if (!/^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/.test(cookie.value)) {
    throw new RangeError(`the value of the cookie ${cookie.name} is not a valid cookie value`);
  }
  const maxAge = cookie.value === '' ? 0 : cookie.maxAgeSeconds;
  return [
    `${cookie.name}=${cookie.value}`,
    'Path=/',
    ...(maxAge === undefined ? [] : [`Max-Age=${maxAge}`]),
    ...(cookie.readableBy === 'scripts' ? [] : ['HttpOnly']),
    ...(cookie.secure ? ['Secure'] : []),
    `SameSite=${cookie.sameSite ?? 'Lax'}`,
  ].join('; ');
}

/** Header values are ASCII without spaces: percent-encodes other characters as UTF-8 and keeps existing escapes. */
function asciiUrl(location: string): string {
  if (/^[\x21-\x7e]*$/.test(location)) return location;
  return location.replace(/[^\x21-\x7e]+/g, (part) =>
    [...Buffer.from(part)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}
