import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Store, statement, type Outcome, type Unit } from '@gatehouse/platform/database/store';

/** Data that processes cache because it changes rarely. */
export type CacheTopic = 'clients' | 'issuers' | 'keys' | 'resources' | 'roles' | 'settings';

const channel = 'gatehouse_cache_versions';

const raise = `INSERT INTO cache_versions (topic, version) VALUES ($1, 1)
  ON CONFLICT (topic) DO UPDATE SET version = cache_versions.version + 1`;

const versionStatements = {
  // A NOTIFY in a transaction is delivered after its commit, and not if it is rolled back.
  bump: statement(
    'cache_versions.bump',
    `WITH raised AS (${raise} RETURNING topic) SELECT pg_notify('${channel}', topic) FROM raised`,
    { sqlite: raise },
  ),
  all: statement('cache_versions.all', 'SELECT topic, version FROM cache_versions'),
};

/** Every process must see a change within a second; this leaves a margin for busy processes. */
const pollMilliseconds = 500;

/**
 * Invalidates the caches of all processes: a writer bumps the topic's version in the unit of work that changes the data.
 * Each process polls the versions twice a second, and reads them immediately when PostgreSQL notifies it of a bump.
 */
@Injectable()
export class CacheVersions implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly seen = new Map<string, number>();
  private readonly listeners: { readonly topic: CacheTopic; readonly clear: () => void }[] = [];
  private timer: NodeJS.Timeout | undefined;
  private refreshing = false;
  private refreshAgain = false;

  constructor(@Inject(Store) private readonly store: Store) {}

  onChange(topic: CacheTopic, clear: () => void): void {
    this.listeners.push({ topic, clear });
  }

  /**
   * Part of the unit of work that changes the data, so that a rollback notifies nobody. This process clears its cache with
   * the commit, the others soon after.
   */
  bump(unit: Unit, topic: CacheTopic): Outcome<number> {
    unit.afterCommit(() => this.clear(topic));
    return unit.change(versionStatements.bump, topic);
  }

  /** Reads the versions now, and clears the caches that have changed. */
  async refresh(): Promise<void> {
    const rows = await this.store.all<{ topic: string; version: number }>(versionStatements.all);
    for (const { topic, version } of rows) {
      if (this.seen.get(topic) === version) continue;
      this.seen.set(topic, version);
      this.clear(topic);
    }
  }

  onApplicationBootstrap(): void {
    this.store.listen(channel, () => this.refreshSoon());
    const poll = (): void => {
      // An unavailable database is reported by requests, and the next poll follows anyway.
      void this.refresh()
        .catch(() => undefined)
        .finally(() => {
          if (this.timer !== undefined) this.timer = setTimeout(poll, pollMilliseconds).unref();
        });
    };
    this.timer = setTimeout(poll, pollMilliseconds).unref();
  }

  onApplicationShutdown(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private clear(topic: string): void {
    for (const listener of this.listeners) if (listener.topic === topic) listener.clear();
  }

  /** Notifications during a refresh result in one more refresh, which sees all of them. */
  private refreshSoon(): void {
    this.refreshAgain = true;
    if (this.refreshing || this.timer === undefined) return;
    this.refreshing = true;
    this.refreshAgain = false;
    void this.refresh()
      .catch(() => undefined)
      .finally(() => {
        this.refreshing = false;
        if (this.refreshAgain) this.refreshSoon();
      });
  }
}
