import type { ServerOptions } from 'node:http';

/** Limits for receiving requests, the size of headers and idle connections. */
export const serverLimits = {
  /** Milliseconds for headers and body together: limits clients that send a form one byte at a time. */
  requestTimeout: 30_000,
  headersTimeout: 10_000,
  /** Bytes of request line and headers together; more is 431. */
  maxHeaderSize: 16 * 1024,
  connectionsCheckingInterval: 5_000,
  /** Longer than the usual minute after which proxies drop idle connections: otherwise they could use one that was just closed. */
  keepAliveTimeout: 65_000,
} as const satisfies ServerOptions;
