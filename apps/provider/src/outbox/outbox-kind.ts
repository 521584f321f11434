import type { EpochSeconds } from '@gatehouse/domain/kernel';

/** One attempt to deliver a message. */
export interface DeliveryAttempt {
  /** 1 for the first. An attempt whose process died counts. */
  readonly number: number;
  readonly now: EpochSeconds;
  /** Aborted when the attempt takes too long, or the process ends. */
  readonly signal: AbortSignal;
}

/** What became of an attempt. A reason is short, stable and without secrets: it stands in lists and logs. */
export type Delivery =
  | { readonly outcome: 'delivered' }
  | {
      readonly outcome: 'retry';
      readonly reason: string;
      /** True when nothing can reach this destination now: what else waits for it waits too. */
      readonly destinationDown?: boolean;
    }
  | { readonly outcome: 'give up'; readonly reason: string };

/** Something that must reach others: what a module above registers with the outbox. */
export interface OutboxKind {
  /** `logout`, `mail`: stands in the rows, so it never changes. */
  readonly name: string;
  /** How long after the event it is still worth telling. */
  readonly lifetimeSeconds: number;
  readonly maxAttempts: number;
  /** How many deliveries one process runs at once. They are this kind's own: no other kind uses or waits for them. */
  readonly maxAtOnce: number;
  /**
   * Tells it. It may be called again for one that arrived already (a process died before it could note that): the
   * receiver must not mind. What it throws counts as `retry`.
   * @param payload as it was given to {@link Outbox.add}, read back from JSON
   */
  deliver(payload: unknown, attempt: DeliveryAttempt): Promise<Delivery>;
}
