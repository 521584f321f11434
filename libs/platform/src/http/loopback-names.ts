import { header, prefersHtml, type WebRequest } from './request.js';

/** Loopback names. Browsers keep cookies, forms and passkeys separate for each of them. */
const loopbackNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Query parameter that marks a redirect to the configured loopback name, so that it happens only once. */
export const LOOPBACK_MARK = 'loopback_redirect';

/** A page that was opened with another loopback name than the configured one. */
export interface LoopbackNameMismatch {
  /** `shown`: it was already redirected and still arrives with the other name. */
  readonly kind: 'redirect' | 'shown';
  /** The same page at this server's origin. */
  readonly address: string;
}

export interface PageRequest {
  readonly method: string | undefined;
  /** The Host header. */
  readonly host: string | undefined;
  /** Path and query as sent. */
  readonly target: string;
  readonly wantsPage: boolean;
}

/**
 * Detects that a local page was opened with another loopback name than that of the origin: its forms would be rejected as
 * cross-site.
 * @param origin this server's; ignored unless its host is a loopback name
 */
export function loopbackNameMismatch(origin: string, request: PageRequest): LoopbackNameMismatch | undefined {
  const own = new URL(origin);
  const { method, host, target, wantsPage: page } = request;
  if (method !== 'GET' || !page || host === undefined || host === own.host || !loopbackNames.has(own.hostname))
    return undefined;
  // A request target in absolute form (RFC 9112 3.2.2) is not a local path.
  if (!target.startsWith('/') || !URL.canParse(`${own.protocol}//${host}`)) return undefined;
  const asked = new URL(`${own.protocol}//${host}`);
  if (asked.hostname === own.hostname || asked.port !== own.port || !loopbackNames.has(asked.hostname))
    return undefined;
  const mark = target.indexOf('?');
  if (mark >= 0 && new URLSearchParams(target.slice(mark)).has(LOOPBACK_MARK))
    return { kind: 'shown', address: own.origin + target };
  return { kind: 'redirect', address: `${own.origin}${target}${mark < 0 ? '?' : '&'}${LOOPBACK_MARK}=1` };
}

/** A page must be opened at this server's origin. */
export class WrongLoopbackName extends Error {
  constructor(readonly location: string) {
    super('this page was opened by another loopback name');
    this.name = 'OtherLoopbackName';
  }
}

/** Redirects pages of a local server to its configured name. Not used behind a proxy, where the Host header may be the proxy's. */
export class LoopbackNames {
  private readonly origin: string | undefined;

  constructor(options: { readonly origin: string; readonly behindProxy: boolean }) {
    this.origin =
      !options.behindProxy && loopbackNames.has(new URL(options.origin).hostname) ? options.origin : undefined;
  }

  /**
   * @returns the correct URL of the page, when it is shown under another name despite a redirect
   * @throws OtherLoopbackName to respond with a redirect
   */
  check(request: WebRequest): string | undefined {
    if (this.origin === undefined) return undefined;
    const found = loopbackNameMismatch(this.origin, {
      method: request.method,
      host: header(request, 'host'),
      target: request.originalUrl,
      wantsPage: prefersHtml(request),
    });
    if (found?.kind === 'redirect') throw new WrongLoopbackName(found.address);
    return found?.address;
  }
}
