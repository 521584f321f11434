import { header, wantsPage, type WebRequest } from './request.js';

/** Names of this computer that browsers open a local server by. Their cookies, forms and passkeys are not each other's. */
const loopbackNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** In the query of a page that was redirected to its own address: it is redirected once and not again. */
export const LOOPBACK_MARK = 'loopback_redirect';

/** A page that was opened by another loopback name than ours. */
export interface OpenedElsewhere {
  /** `shown`: it was redirected before, and still comes by the other name. */
  readonly kind: 'redirect' | 'shown';
  /** The same page at our own origin. */
  readonly address: string;
}

export interface PageRequest {
  readonly method: string | undefined;
  /** The Host header. */
  readonly host: string | undefined;
  /** Path and query as they were sent. */
  readonly target: string;
  readonly wantsPage: boolean;
}

/**
 * Whether a local page was opened by another name than our origin's: its forms would be refused as those of another site.
 * @param origin ours; a name that is not a loopback name is never compared
 */
export function openedElsewhere(origin: string, request: PageRequest): OpenedElsewhere | undefined {
  const own = new URL(origin);
  const { method, host, target, wantsPage: page } = request;
  if (method !== 'GET' || !page || host === undefined || host === own.host || !loopbackNames.has(own.hostname))
    return undefined;
  // An absolute request target (RFC 9112 3.2.2) is no path of ours.
  if (!target.startsWith('/') || !URL.canParse(`${own.protocol}//${host}`)) return undefined;
  const asked = new URL(`${own.protocol}//${host}`);
  if (asked.hostname === own.hostname || asked.port !== own.port || !loopbackNames.has(asked.hostname))
    return undefined;
  const mark = target.indexOf('?');
  if (mark >= 0 && new URLSearchParams(target.slice(mark)).has(LOOPBACK_MARK))
    return { kind: 'shown', address: own.origin + target };
  return { kind: 'redirect', address: `${own.origin}${target}${mark < 0 ? '?' : '&'}${LOOPBACK_MARK}=1` };
}

/** A page is to be opened at our own origin. */
export class OtherLoopbackName extends Error {
  constructor(readonly location: string) {
    super('this page was opened by another loopback name');
    this.name = 'OtherLoopbackName';
  }
}

/** Leads pages of a local server to its own name. Behind a proxy the Host header is never judged: it may be the proxy's. */
export class LoopbackNames {
  private readonly origin: string | undefined;

  constructor(options: { readonly origin: string; readonly behindProxy: boolean }) {
    this.origin =
      !options.behindProxy && loopbackNames.has(new URL(options.origin).hostname) ? options.origin : undefined;
  }

  /**
   * @returns the page's right address, where it is shown under another name all the same
   * @throws OtherLoopbackName to be answered with a redirect
   */
  check(request: WebRequest): string | undefined {
    if (this.origin === undefined) return undefined;
    const found = openedElsewhere(this.origin, {
      method: request.method,
      host: header(request, 'host'),
      target: request.originalUrl,
      wantsPage: wantsPage(request),
    });
    if (found?.kind === 'redirect') throw new OtherLoopbackName(found.address);
    return found?.address;
  }
}
