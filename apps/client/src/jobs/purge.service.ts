import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '@gatehouse/platform/clock';
import { Store } from '@gatehouse/platform/database/store';
import { Log } from '@gatehouse/platform/telemetry/log';
import { BackchannelLogout } from '../logout/backchannel-logout.service.js';
import { LoginFlows } from '../login/login-flows.service.js';
import { AdminPassword } from '../providers/admin-password.service.js';
import { AdminSessionsService } from '../providers/admin-sessions.service.js';
import { SessionsService } from '../session/sessions.service.js';

const intervalMilliseconds = 60_000;
const batchSize = 500;
/** Maximum number of pages released in one step. */
const maxPages = 100;

/** Purges expired rows in batches. */
@Injectable()
// eslint-disable-next-line local/max-injected-dependencies -- each table that is purged belongs to another service
export class PurgeService implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(LoginFlows) private readonly flows: LoginFlows,
    @Inject(AdminSessionsService) private readonly adminSessions: AdminSessionsService,
    @Inject(AdminPassword) private readonly password: AdminPassword,
    @Inject(BackchannelLogout) private readonly logout: BackchannelLogout,
    @Inject(Log) private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.purge().catch((error: unknown) => this.log.error({ err: error }, 'purging failed'));
    }, intervalMilliseconds).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** @returns number of deleted rows */
  async purge(): Promise<number> {
    const now = this.clock.now();
    let rows = await this.store.run((unit) => this.flows.purgeExpired(unit, now, batchSize));
    rows += await this.store.run((unit) => this.sessions.purgeExpired(unit, now, batchSize));
    rows += await this.store.run((unit) => this.adminSessions.purgeExpired(unit, now));
    rows += await this.store.run((unit) => this.logout.purgeExpired(unit, now, batchSize));
    rows += await this.store.run((unit) => this.password.purgeExpired(unit, now));
    await this.store.releasePages(maxPages);
    return rows;
  }
}
