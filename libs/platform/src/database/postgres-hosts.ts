import type { PostgresAddress } from './database-url.js';

/**
 * The hosts of one database, shared by all pools of a store: when one connection finds the primary, all others follow, so
 * that no read uses a server that was abandoned.
 */
export class PostgresHosts {
  private index = 0;

  constructor(readonly address: PostgresAddress) {}

  /** URL for the next connection. */
  get current(): string {
    return this.address.urls[this.index] ?? '';
  }

  get count(): number {
    return this.address.urls.length;
  }

  /** Switches to the next host, unless another connection has already done so. */
  leave(url: string): void {
    if (url === this.current) this.index = (this.index + 1) % this.count;
  }
}
