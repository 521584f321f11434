import type { ServerOptions } from 'node:http';

/** How long a request may take to arrive, how large its headers are, and how long an idle connection stays: said here only. */
export const serverLimits = {
  /** Headers and body together: a form of a few kilobytes, sent a byte at a time, ends here. */
  requestTimeout: 30_000,
  headersTimeout: 10_000,
  /** Address and headers together, in bytes; more is 431. */
  maxHeaderSize: 16 * 1024,
  connectionsCheckingInterval: 5_000,
  /** Longer than the minute after which proxies drop idle connections: else they would meet ours just closed. */
  keepAliveTimeout: 65_000,
} as const satisfies ServerOptions;
