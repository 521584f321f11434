import { Controller, Get, Inject } from '@nestjs/common';
import { Clock } from '@gatehouse/server/clock';
import { missingSteps } from '@gatehouse/server/database/open-store';
import { Store } from '@gatehouse/server/database/store';
import { Reply } from '@gatehouse/server/web/reply';
import { migrations } from '../database/entities.js';
import { routes } from '../http/routes.js';
import { keyKindNames } from '../keys/key-kinds.js';
import { KeysService } from '../keys/keys.service.js';

const migrationNames = migrations.map((Migration) => new Migration().name);

/** For whoever watches over the process: alive, and ready to do its work. */
@Controller()
export class HealthController {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Store) private readonly store: Store,
    @Inject(KeysService) private readonly keys: KeysService,
  ) {}

  @Get(routes.health)
  health(): Reply {
    return Reply.json({ status: 'ok' });
  }

  /** Ready when the store takes writes, its schema is not older than this program, and every kind of key signs. */
  @Get(routes.ready)
  async ready(): Promise<Reply> {
    const checks = {
      store: await isDone(this.store.checkWritable()),
      migrations: await isDone(this.checkMigrations()),
      keys: await isDone(this.checkKeys()),
    };
    const ready = Object.values(checks).every(Boolean);
    return Reply.json(
      { status: ready ? 'ok' : 'unavailable', checks },
      ready ? {} : { status: 503, headers: { 'Retry-After': '1' } },
    );
  }

  private async checkMigrations(): Promise<void> {
    const missing = await missingSteps(this.store.reader, migrationNames);
    if (missing.length > 0) throw new Error(`the schema lacks ${missing.join(', ')}`);
  }

  private async checkKeys(): Promise<void> {
    for (const kind of keyKindNames) await this.keys.current(kind, this.clock.now());
  }
}

function isDone(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}
