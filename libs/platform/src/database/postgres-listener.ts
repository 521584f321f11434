import { listeningClient, type ListeningClient } from './postgres-driver.js';
import type { PostgresHosts } from './postgres-hosts.js';

const shortestPause = 50;
const longestPause = 2000;
/** Interval of the liveness check of an idle connection: a network that drops packets reports nothing. */
const livenessCheckMilliseconds = 10_000;

/**
 * Receives notifications of other processes on a channel of the database (LISTEN) over its own connection. A lost
 * connection is replaced; notifications in between are lost, so `notified` is called after each reconnection. Callers must
 * also poll: poolers in transaction mode and some engines deliver nothing.
 */
export class PostgresListener {
  private client: ListeningClient | undefined;
  private timer: NodeJS.Timeout | undefined;
  private pause = shortestPause;
  private closed = false;

  /** @param channel a constant of letters and `_`: it becomes part of the statement */
  constructor(
    private readonly hosts: PostgresHosts,
    private readonly channel: string,
    private readonly notified: () => void,
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
      this.reconnect();
    };
    client.on('error', lost).on('end', lost).on('notification', this.notified);
    try {
      await client.connect();
      await client.query(`LISTEN ${this.channel}`);
    } catch {
      // The database is unavailable, or does not support LISTEN: requests report the former, polling covers the latter.
      lost();
      return;
    }
    this.pause = shortestPause;
    this.notified();
    this.checkLiveness(client, url, lost);
  }

  private reconnect(): void {
    clearTimeout(this.timer);
    if (this.closed) return;
    this.timer = setTimeout(() => void this.connect(), this.pause).unref();
    this.pause = Math.min(this.pause * 2, longestPause);
  }

  private checkLiveness(client: ListeningClient, url: string, lost: () => void): void {
    if (this.closed) return;
    this.timer = setTimeout(() => {
      // The store has moved to another host: notifications are sent there.
      if (url !== this.hosts.current) lost();
      else client.query('SELECT 1').then(() => this.checkLiveness(client, url, lost), lost);
    }, livenessCheckMilliseconds).unref();
  }
}
