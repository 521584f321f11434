import { Inject, Injectable, Optional, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { StoreUnavailable } from '@gatehouse/platform/database/store';
import { SelectorSource } from '@gatehouse/platform/secrets/random';
import { Log } from '@gatehouse/platform/telemetry/log';
import { GeneratorId, renewalMilliseconds } from '../database/generator-id.js';

/** Renews the lease of the generator id of a server process. A command has a random id without a lease. */
@Injectable()
export class GeneratorIdRenewal implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Optional() @Inject(GeneratorId) private readonly generatorId: GeneratorId | undefined,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(Log) private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.generatorId) return;
    this.timer = setInterval(() => {
      this.renew().catch((error: unknown) => {
        // Without the database nothing can be written with this id either; the next renewal detects whether it was lost.
        if (!(error instanceof StoreUnavailable))
          this.log.error({ err: error }, 'the generator id could not be renewed');
      });
    }, renewalMilliseconds).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  async renew(): Promise<void> {
    if (!this.generatorId) return;
    const before = this.generatorId.value;
    const renewed = await this.generatorId.renew();
    if (renewed === before) return;
    this.selectors.useNode(renewed);
    this.log.warn({ before, generatorId: renewed }, 'the generator id was lost and another one was leased');
  }
}
