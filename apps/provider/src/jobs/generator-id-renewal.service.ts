import { Inject, Injectable, Optional, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { StoreUnavailable } from '@gatehouse/platform/database/store';
import { SelectorSource } from '@gatehouse/platform/secrets/random';
import { Log } from '@gatehouse/platform/telemetry/log';
import { GeneratorId, renewalMilliseconds } from '../database/generator-id.js';

/** Keeps the node number of a server process. A command has a number that nobody leased. */
@Injectable()
export class GeneratorIdRenewal implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Optional() @Inject(GeneratorId) private readonly node: GeneratorId | undefined,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(Log) private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.node) return;
    this.timer = setInterval(() => {
      this.renew().catch((error: unknown) => {
        // Without the database nothing can be written under the number either; the next renewal sees whether it was lost.
        if (!(error instanceof StoreUnavailable))
          this.log.error({ err: error }, 'the node number could not be renewed');
      });
    }, renewalMilliseconds).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  async renew(): Promise<void> {
    if (!this.node) return;
    const before = this.node.value;
    const number = await this.node.renew();
    if (number === before) return;
    this.selectors.useNode(number);
    this.log.warn({ before, number }, 'the node number was lost, and another one taken');
  }
}
