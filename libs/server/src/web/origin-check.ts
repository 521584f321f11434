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

function originOf(text: string): string | undefined {
  return URL.canParse(text) ? new URL(text).origin : undefined;
}
