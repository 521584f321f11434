import type { OutboundResponse } from '@gatehouse/platform/outbound/guarded-fetch';

const minFreshSeconds = 60;
const usualFreshSeconds = 600;
const maxFreshSeconds = 24 * 3600;

/** RFC 9111 5.2.2.1, within bounds: a client that says nothing is asked again after some minutes. */
export function freshnessSeconds(answer: OutboundResponse): number {
  const header = answer.headers['cache-control'];
  const directives = typeof header === 'string' ? header.toLowerCase() : '';
  if (/\bno-(store|cache)\b/.test(directives)) return minFreshSeconds;
  const maxAge = /\bmax-age="?(\d{1,9})/.exec(directives)?.[1];
  if (maxAge === undefined) return usualFreshSeconds;
  return Math.min(Math.max(Number(maxAge), minFreshSeconds), maxFreshSeconds);
}
