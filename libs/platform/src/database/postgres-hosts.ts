import type { PostgresAddress } from './database-url.js';

/**
 * The hosts of one database. All pools of a store share it: once one connection has found the primary, all others
 * follow, so that nothing is read from a server that another connection has left.
 */
export class PostgresHosts {
  private index = 0;

  constructor(readonly address: PostgresAddress) {}

  /** The URL that the next connection is made to. */
  get current(): string {
    return this.address.urls[this.index] ?? '';
  }

  get count(): number {
    return this.address.urls.length;
  }

  /** Moves on to the next host, unless another connection has done so meanwhile. */
  leave(url: string): void {
    if (url === this.current) this.index = (this.index + 1) % this.count;
  }
}
