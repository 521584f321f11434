import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { pause } from './time.mjs';

/** What only reads: introspection, UserInfo, discovery and keys. */
export function readingRequests(provider, token) {
  const { client_id, client_secret } = provider.client;
  const body = new URLSearchParams({ token }).toString();
  return [
    {
      path: '/oauth/introspect',
      method: 'POST',
      body,
      headers: {
        authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': Buffer.byteLength(body),
      },
    },
    { path: '/oauth/userinfo', headers: { authorization: `Bearer ${token}` } },
    { path: '/.well-known/openid-configuration' },
    { path: '/.well-known/jwks.json' },
  ];
}

/** @returns the milliseconds that each request took, and answers other than 200 */
export async function measureReads(base, requests, milliseconds) {
  const worker = new Worker(new URL('reader.mjs', import.meta.url), { workerData: { base, requests, atOnce: 4 } });
  const answered = once(worker, 'message');
  await pause(milliseconds);
  worker.postMessage('stop');
  const [{ times, faults }] = await answered;
  await worker.terminate();
  return { times: times.sort((a, b) => a - b), faults };
}

export function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
