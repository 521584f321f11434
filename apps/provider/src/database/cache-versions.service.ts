import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Store, statement, type Outcome, type Unit } from '@gatehouse/platform/database/store';

/** What is cached in a process and changes rarely. */
export type CacheTopic = 'clients' | 'issuers' | 'keys' | 'resources' | 'roles';

const channel = 'gatehouse_cache_versions';

const raise = `INSERT INTO cache_versions (topic, version) VALUES ($1, 1)
  ON CONFLICT (topic) DO UPDATE SET version = cache_versions.version + 1`;

const versionStatements = {
  // What is said in a transaction is heard after its commit, and never when it rolls back.
  bump: statement(
    'cache_versions.bump',
    `WITH raised AS (${raise} RETURNING topic) SELECT pg_notify('${channel}', topic) FROM raised`,
    { sqlite: raise },
  ),
  all: statement('cache_versions.all', 'SELECT topic, version FROM cache_versions'),
};

/** Less than the second within which every process sees a change, with room for a busy one. */
const pollMilliseconds = 500;

/**
 * Tells every process that a cached thing changed: a writer bumps the topic's version in the unit that changes the
 * thing. Each process looks at the few versions twice a second, and at once when PostgreSQL says that one was bumped.
 */
@Injectable()
export class CacheVersions implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly seen = new Map<string, number>();
  private readonly listeners: { readonly topic: CacheTopic; readonly clear: () => void }[] = [];
  private timer: NodeJS.Timeout | undefined;
  private looking = false;
  private heardMore = false;

  constructor(@Inject(Store) private readonly store: Store) {}

  onChange(topic: CacheTopic, clear: () => void): void {
    this.listeners.push({ topic, clear });
  }

  /**
   * Part of the unit that changes the thing, so that nobody is told of what did not happen. This process knows with the
   * commit, the others soon after.
   */
  bump(unit: Unit, topic: CacheTopic): Outcome<number> {
    unit.afterCommit(() => this.clear(topic));
    return unit.change(versionStatements.bump, topic);
  }

  /** Looks now. */
  async refresh(): Promise<void> {
    const rows = await this.store.all<{ topic: string; version: number }>(versionStatements.all);
    for (const { topic, version } of rows) {
      if (this.seen.get(topic) === version) continue;
      this.seen.set(topic, version);
      this.clear(topic);
    }
  }

  onApplicationBootstrap(): void {
    this.store.listen(channel, () => this.lookSoon());
    const look = (): void => {
      // A database that is away is not news here: requests say so, and the next look comes by itself.
      void this.refresh()
        .catch(() => undefined)
        .finally(() => {
          if (this.timer !== undefined) this.timer = setTimeout(look, pollMilliseconds).unref();
        });
    };
    this.timer = setTimeout(look, pollMilliseconds).unref();
  }

  onApplicationShutdown(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private clear(topic: string): void {
    for (const listener of this.listeners) if (listener.topic === topic) listener.clear();
  }

  /** However many changes are heard while a look is under way, one more look sees them all. */
  private lookSoon(): void {
    this.heardMore = true;
    if (this.looking || this.timer === undefined) return;
    this.looking = true;
    this.heardMore = false;
    void this.refresh()
      .catch(() => undefined)
      .finally(() => {
        this.looking = false;
        if (this.heardMore) this.lookSoon();
      });
  }
}
