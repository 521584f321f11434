import type { OutboundResponse } from '@gatehouse/platform/outbound/guarded-fetch';

const minFreshSeconds = 60;
const defaultFreshSeconds = 600;
const maxFreshSeconds = 24 * 3600;

/** How long a response stays fresh (RFC 9111 5.2.2.1), within bounds; ten minutes without `max-age`. */
export function freshnessSeconds(response: OutboundResponse): number {
  const header = response.headers['cache-control'];
  const directives = typeof header === 'string' ? header.toLowerCase() : '';
  if (/\bno-(store|cache)\b/.test(directives)) return minFreshSeconds;
  const maxAge = /\bmax-age="?(\d{1,9})/.exec(directives)?.[1];
  if (maxAge === undefined) return defaultFreshSeconds;
  return Math.min(Math.max(Number(maxAge), minFreshSeconds), maxFreshSeconds);
}
