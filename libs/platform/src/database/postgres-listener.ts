import { listeningClient, type ListeningClient } from './postgres-driver.js';
import type { PostgresHosts } from './postgres-hosts.js';

const shortestPause = 50;
const longestPause = 2000;
/** How often an idle connection is asked whether it lives: a network that swallows packets says nothing by itself. */
const beatMilliseconds = 10_000;

/**
 * Hears what other processes say on a channel of the database (LISTEN), over a connection of its own. A connection that
 * is lost is made again; what was said meanwhile is lost, so `heard` is called after each new one. Whoever listens must
 * also look by itself now and then: poolers in transaction mode and some engines carry nothing.
 */
export class PostgresListener {
  private client: ListeningClient | undefined;
  private timer: NodeJS.Timeout | undefined;
  private pause = shortestPause;
  private closed = false;

  /** @param channel a name of ours, letters and `_` only: it stands in the statement */
  constructor(
    private readonly hosts: PostgresHosts,
    private readonly channel: string,
    private readonly heard: () => void,
  ) {
    void this.connect();
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.client?.end().catch(() => undefined);
  }

  private async connect(): Promise<void> {
    const url = this.hosts.current;
    const client = listeningClient(url);
    this.client = client;
    let isLost = false;
    const lost = (): void => {
      if (isLost) return;
      isLost = true;
      client.end().catch(() => undefined);
      this.again();
    };
    client.on('error', lost).on('end', lost).on('notification', this.heard);
    try {
      await client.connect();
      await client.query(`LISTEN ${this.channel}`);
    } catch {
      // The database is away, or does not know LISTEN: requests say the former, and looking replaces the latter.
      lost();
      return;
    }
    this.pause = shortestPause;
    this.heard();
    this.beat(client, url, lost);
  }

  private again(): void {
    clearTimeout(this.timer);
    if (this.closed) return;
    this.timer = setTimeout(() => void this.connect(), this.pause).unref();
    this.pause = Math.min(this.pause * 2, longestPause);
  }

  private beat(client: ListeningClient, url: string, lost: () => void): void {
    if (this.closed) return;
    this.timer = setTimeout(() => {
      // The store has moved to another host: changes are announced there.
      if (url !== this.hosts.current) lost();
      else client.query('SELECT 1').then(() => this.beat(client, url, lost), lost);
    }, beatMilliseconds).unref();
  }
}
