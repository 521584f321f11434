import { Controller, Get, Inject } from '@nestjs/common';
import { Clock } from '@gatehouse/platform/clock';
import { missingMigrations } from '@gatehouse/platform/database/open-store';
import { Store } from '@gatehouse/platform/database/store';
import { Log } from '@gatehouse/platform/telemetry/log';
import { Reply } from '@gatehouse/platform/http/reply';
import { routes } from '../web/routes.js';
import { keyKindNames } from '../keys/key-kinds.js';
import { KeysService } from '../keys/keys.service.js';

/** Liveness and readiness, for monitoring and load balancers. */
@Controller()
export class HealthController {
  /** Checks that failed the last time. */
  private readonly failing = new Set<string>();

  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Store) private readonly store: Store,
    @Inject(KeysService) private readonly keys: KeysService,
    @Inject(Log) private readonly log: Log,
  ) {}

  @Get(routes.health)
  health(): Reply {
    return Reply.json({ status: 'ok' });
  }

  /** Ready when the store is writable and durable, all migrations have run, and there is a current key of every kind. */
  @Get(routes.ready)
  async ready(): Promise<Reply> {
    const checks = {
      store: await this.passes('store', this.store.checkWritable()),
      durability: await this.passes('durability', this.store.checkDurable()),
      migrations: await this.passes('migrations', this.checkMigrations()),
      keys: await this.passes('keys', this.checkKeys()),
    };
    const ready = Object.values(checks).every(Boolean);
    return Reply.json(
      { status: ready ? 'ok' : 'unavailable', checks },
      ready ? {} : { status: 503, headers: { 'Retry-After': '1' } },
    );
  }

  private async checkMigrations(): Promise<void> {
    const missing = await missingMigrations(this.store.reader, this.store.migrationNames);
    if (missing.length > 0) throw new Error(`the schema lacks ${missing.join(', ')}`);
  }

  private async checkKeys(): Promise<void> {
    for (const kind of keyKindNames) await this.keys.current(kind, this.clock.now());
  }

  /** Logs a failure when it starts and when it ends, not at every probe. */
  private async passes(check: string, work: Promise<unknown>): Promise<boolean> {
    try {
      await work;
      if (this.failing.delete(check)) this.log.info({ check }, 'ready again');
      return true;
    } catch (error) {
      if (!this.failing.has(check)) this.log.error({ err: error, check }, 'not ready');
      this.failing.add(check);
      return false;
    }
  }
}
