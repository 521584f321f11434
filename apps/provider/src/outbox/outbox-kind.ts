import type { EpochSeconds } from '@gatehouse/domain/kernel';

/** One attempt to deliver a message. */
export interface DeliveryAttempt {
  /** 1 for the first. Attempts whose process died count. */
  readonly number: number;
  readonly now: EpochSeconds;
  /** Aborted when the attempt times out or the process shuts down. */
  readonly signal: AbortSignal;
}

/** The result of an attempt. A reason is short, stable and without secrets: it appears in lists and logs. */
export type Delivery =
  | { readonly outcome: 'delivered' }
  | {
      readonly outcome: 'retry';
      readonly reason: string;
      /** True when the destination is unreachable: other messages for it are postponed too. */
      readonly destinationDown?: boolean;
    }
  | { readonly outcome: 'give up'; readonly reason: string };

/** A kind of messages, which another module registers with the outbox. */
export interface OutboxKind {
  /** `logout`, `mail`: stored in the rows, so it must never change. */
  readonly name: string;
  /** How long after the event a delivery is still useful. */
  readonly lifetimeSeconds: number;
  readonly maxAttempts: number;
  /** How many deliveries one process runs at once. The limit is per kind: kinds do not share capacity. */
  readonly maxAtOnce: number;
  /**
   * Delivers a message. It may be called again after a successful delivery (if the process died before recording it), so
   * receivers must tolerate duplicates. An exception counts as `retry`.
   * @param payload the argument of {@link Outbox.add}, parsed from JSON
   */
  deliver(payload: unknown, attempt: DeliveryAttempt): Promise<Delivery>;
}
