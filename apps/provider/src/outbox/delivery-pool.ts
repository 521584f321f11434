import { Destinations } from './destinations.js';
import type { OutboxKind } from './outbox-kind.js';
import type { DueRow } from './outbox.statements.js';

const maxPerDestination = 2;

/**
 * The capacity of one kind of messages in one process: how many deliveries run, in total and per destination. Each kind
 * has its own, so that hanging deliveries of one kind never delay another.
 */
export class DeliveryPool {
  private readonly destinations = new Destinations(maxPerDestination);
  private running = 0;

  constructor(readonly kind: OutboxKind) {}

  get free(): number {
    return this.kind.maxAtOnce - this.running;
  }

  /** Destinations to which no further delivery may start now. */
  full(): string[] {
    return this.destinations.full();
  }

  /** Reserves capacity for as many of these messages as possible, in order. {@link release} returns it. */
  reserve(rows: readonly DueRow[]): DueRow[] {
    const reserved: DueRow[] = [];
    for (const row of rows) {
      if (this.free <= 0) break;
      if (this.destinations.isFull(row.destination)) continue;
      this.destinations.begin(row.destination);
      this.running++;
      reserved.push(row);
    }
    return reserved;
  }

  release(destination: string): void {
    this.destinations.end(destination);
    this.running--;
  }

  succeeded(destination: string): void {
    this.destinations.succeeded(destination);
  }

  /** @returns the number of consecutive failures */
  failed(destination: string): number {
    return this.destinations.failed(destination);
  }
}
