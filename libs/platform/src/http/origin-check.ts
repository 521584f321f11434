import type { IncomingMessage } from 'node:http';
import { header } from './request.js';

/**
 * True when a form was sent by a page of ours. Browsers say so in `Origin`; where it is missing, by `Sec-Fetch-Site`
 * or the `Referer` (which our `Referrer-Policy: same-origin` leaves in place). `Origin: null` is a sandboxed or foreign page.
 * @param origin our own, as `new URL(…).origin` writes it
 */
export function isFromOurselves(request: IncomingMessage, origin: string): boolean {
  const sent = header(request, 'origin');
  if (sent !== undefined) return originOf(sent) === origin;
  const site = header(request, 'sec-fetch-site');
  if (site !== undefined) return site === 'same-origin';
  const referer = header(request, 'referer');
  return referer !== undefined && originOf(referer) === origin;
}

/**
 * Why a form does not count as ours: `host` and `scheme-or-port`, our page was opened at another address than our origin;
 * `missing`, nothing says where it comes from; `foreign`, another site's page, as far as can be seen.
 */
export type OriginRejection = 'host' | 'scheme-or-port' | 'missing' | 'foreign';

/** Why {@link isFromOurselves} said no, for doctor. It decides nothing. */
export function whyForeign(request: IncomingMessage, origin: string): OriginRejection {
  const [sent, site, host] = [header(request, 'origin'), header(request, 'sec-fetch-site'), header(request, 'host')];
  const source = sent ?? header(request, 'referer');
  if (source === undefined) return site === undefined ? 'missing' : 'foreign';
  if (!URL.canParse(source)) return 'foreign';
  const from = new URL(source);
  if (from.hostname === new URL(origin).hostname) return 'scheme-or-port';
  // What a browser calls same-origin was sent by a page that it got from us.
  return site === 'same-origin' || (site === undefined && from.host === host) ? 'host' : 'foreign';
}

function originOf(text: string): string | undefined {
  return URL.canParse(text) ? new URL(text).origin : undefined;
}
