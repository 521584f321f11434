import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '@gatehouse/platform/clock';
import { Store } from '@gatehouse/platform/database/store';
import { Log } from '@gatehouse/platform/telemetry/log';
import { AuditChain } from '../audit/audit-chain.service.js';
import { Lease } from '../database/lease.js';

const everyMilliseconds = 30_000;
const leaseSeconds = 120;

/** Seals the audit log, in one of the processes that share the database. */
@Injectable()
export class AuditSealing implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly lease: Lease;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    @Inject(Store) store: Store,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(AuditChain) private readonly chain: AuditChain,
    @Inject(Log) private readonly log: Log,
  ) {
    this.lease = new Lease(store, 'audit seal', leaseSeconds);
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running = this.seal().catch((error: unknown) =>
        this.log.warn({ err: error }, 'the audit log could not be sealed'),
      );
    }, everyMilliseconds).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  async seal(): Promise<void> {
    await this.chain.followLastSeal();
    if (await this.lease.hold(this.clock.now())) await this.chain.seal();
  }
}
