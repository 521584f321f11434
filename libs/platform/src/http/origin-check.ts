import type { IncomingMessage } from 'node:http';
import { header } from './request.js';

/**
 * True when a form was sent by a page of this server. Browsers send `Origin`; without it `Sec-Fetch-Site` or the `Referer`
 * decides (which `Referrer-Policy: same-origin` preserves). `Origin: null` is a sandboxed or cross-site page.
 * @param origin this server's, as serialized by `new URL(…).origin`
 */
export function isSameOriginForm(request: IncomingMessage, origin: string): boolean {
  const sent = header(request, 'origin');
  if (sent !== undefined) return originOf(sent) === origin;
  const site = header(request, 'sec-fetch-site');
  if (site !== undefined) return site === 'same-origin';
  const referer = header(request, 'referer');
  return referer !== undefined && originOf(referer) === origin;
}

/**
 * Why a form was rejected: `host` and `scheme-or-port`, the page was opened at another URL than the configured origin;
 * `missing`, no header names the origin; `foreign`, presumably a cross-site page.
 */
export type OriginRejection = 'host' | 'scheme-or-port' | 'missing' | 'foreign';

/** Why {@link isSameOriginForm} returned false, for diagnostics only. */
export function originRejection(request: IncomingMessage, origin: string): OriginRejection {
  const [sent, site, host] = [header(request, 'origin'), header(request, 'sec-fetch-site'), header(request, 'host')];
  const source = sent ?? header(request, 'referer');
  if (source === undefined) return site === undefined ? 'missing' : 'foreign';
  if (!URL.canParse(source)) return 'foreign';
  const from = new URL(source);
  if (from.hostname === new URL(origin).hostname) return 'scheme-or-port';
  // A same-origin request was sent by a page of this server.
  return site === 'same-origin' || (site === undefined && from.host === host) ? 'host' : 'foreign';
}

function originOf(text: string): string | undefined {
  return URL.canParse(text) ? new URL(text).origin : undefined;
}
