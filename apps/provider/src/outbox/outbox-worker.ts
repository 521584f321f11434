import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { addSeconds } from '@gatehouse/domain/kernel';
import { Clock } from '@gatehouse/platform/clock';
import { Store, StoreUnavailable, type Unit } from '@gatehouse/platform/database/store';
import { UnsealError } from '@gatehouse/platform/secrets/keyring';
import { Log } from '@gatehouse/platform/telemetry/log';
import { Counters } from '../monitoring/counters.js';
import { backOffSeconds } from './back-off.js';
import { DeliveryPool } from './delivery-pool.js';
import type { Delivery, OutboxKind } from './outbox-kind.js';
import { Outbox, type ClaimedMessage } from './outbox.service.js';

/** Rows of one kind that one query reads. */
const maxRowsRead = 64;
/** How often to poll for messages that are due again or were written by another process. */
const pollMilliseconds = 1000;
/** Shorter than a lease, so that no other process claims the message while an attempt runs. */
const attemptMilliseconds = 20_000;
/** How long a shutdown waits for running attempts. */
const graceMilliseconds = 3000;

/** Delivers due messages. Every server process has one; commands have none, because they end soon. */
@Injectable()
export class OutboxWorker implements BeforeApplicationShutdown {
  /** By name of the kind. */
  private readonly pools = new Map<string, DeliveryPool>();
  /** One per running attempt. */
  private readonly attempts = new Set<AbortController>();
  private attemptsAborted = false;
  private readonly running = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private state: 'not started' | 'idle' | 'polling' | 'polling again' | 'ended' = 'not started';

  constructor(
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(Store) private readonly store: Store,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Log) private readonly log: Log,
    @Inject(Counters) private readonly counters: Counters,
  ) {}

  start(): void {
    if (this.state !== 'not started') return;
    this.state = 'idle';
    this.outbox.onMessage(() => this.pollNow());
    this.counters.watchOutbox(async () => {
      const { waiting, failed, oldest } = await this.outbox.backlog();
      return { waiting, failed, oldestAgeSeconds: oldest === undefined ? 0 : this.clock.now() - oldest };
    });
    this.pollNow();
  }

  /** Polls now, or once more after the current poll. */
  pollNow(): void {
    if (this.state === 'polling') this.state = 'polling again';
    if (this.state !== 'idle') return;
    this.state = 'polling';
    clearTimeout(this.timer);
    const poll = this.poll()
      .catch((error: unknown) => {
        // An unavailable database is already reported by requests; the next poll is scheduled anyway.
        if (!(error instanceof StoreUnavailable)) this.log.error({ err: error }, 'the outbox cannot be read');
      })
      .finally(() => {
        this.running.delete(poll);
        if (this.state === 'ended') return;
        const again = this.state === 'polling again';
        this.state = 'idle';
        if (again) this.pollNow();
        else this.timer = setTimeout(() => this.pollNow(), pollMilliseconds).unref();
      });
    this.running.add(poll);
  }

  /** Claims no more messages, waits briefly for running attempts, and releases the undelivered messages. */
  async beforeApplicationShutdown(): Promise<void> {
    this.state = 'ended';
    clearTimeout(this.timer);
    const grace = setTimeout(() => {
      this.attemptsAborted = true;
      for (const attempt of this.attempts) attempt.abort();
    }, graceMilliseconds);
    while (this.running.size > 0) await Promise.all(this.running);
    clearTimeout(grace);
  }

  /** Each iteration fills the capacity of a destination or kind, or reads the last rows of a kind, so there are few. */
  private async poll(): Promise<void> {
    if (!(await this.outbox.hasDue(this.clock.now()))) return;
    let kinds = this.outbox.registeredKinds();
    while (kinds.length > 0 && !this.hasEnded()) kinds = await this.startDueDeliveries(kinds);
  }

  private hasEnded(): boolean {
    return this.state === 'ended';
  }

  /** @returns the kinds of which deliveries were started: they may have more due messages */
  private async startDueDeliveries(kinds: readonly OutboxKind[]): Promise<OutboxKind[]> {
    const started: OutboxKind[] = [];
    for (const kind of kinds) {
      const pool = this.poolOf(kind);
      if (pool.free <= 0 || this.hasEnded()) continue;
      const now = this.clock.now();
      // Read per kind, so that many due rows of another kind cannot delay this one.
      const rows = await this.outbox.due({ kind: kind.name, except: pool.full(), limit: maxRowsRead }, now);
      const reserved = pool.reserve(rows);
      if (reserved.length === 0) continue;
      const claimed = await this.outbox.claim(reserved, now).catch((error: unknown) => {
        for (const { destination } of reserved) pool.release(destination);
        throw error;
      });
      const claimedSelectors = new Set<number>(claimed.map(({ selector }) => selector));
      for (const row of reserved) if (!claimedSelectors.has(row.selector)) pool.release(row.destination);
      for (const message of claimed) this.begin(message, pool);
      started.push(kind);
    }
    return started;
  }

  private poolOf(kind: OutboxKind): DeliveryPool {
    const pool = this.pools.get(kind.name) ?? new DeliveryPool(kind);
    this.pools.set(kind.name, pool);
    return pool;
  }

  private begin(message: ClaimedMessage, pool: DeliveryPool): void {
    const attempt = this.attempt(message)
      .catch((error: unknown) => {
        // The result could not be recorded: the lease expires, and the message is delivered again.
        this.log.warn({ err: error, kind: message.kind.name }, 'the result of a delivery could not be recorded');
      })
      .finally(() => {
        pool.release(message.destination);
        this.running.delete(attempt);
        this.pollNow();
      });
    this.running.add(attempt);
  }

  private async attempt(message: ClaimedMessage): Promise<void> {
    const delivery = await this.deliver(message);
    this.counters.outboxAttempt(message.kind.name, delivery.outcome);
    const { destination, kind, attempt } = message;
    if (delivery.outcome === 'delivered') {
      this.poolOf(kind).succeeded(destination);
      await this.store.run((unit) => this.outbox.markDelivered(unit, message));
      return;
    }
    // The process shuts down: another process may claim the message at once.
    if (this.attemptsAborted) {
      await this.store.run((unit) => this.outbox.release(unit, message, this.clock.now()));
      return;
    }
    const details = { kind: kind.name, destination, attempt, reason: delivery.reason };
    if (delivery.outcome === 'give up') {
      this.log.warn(details, 'a message was given up');
      await this.store.run((unit) => this.outbox.giveUp(unit, message, delivery.reason, this.clock.now()));
      return;
    }
    this.log.info(details, 'a delivery failed and will be retried');
    await this.postpone(message, delivery);
  }

  private async postpone(
    message: ClaimedMessage,
    { reason, destinationDown }: Extract<Delivery, { outcome: 'retry' }>,
  ): Promise<void> {
    const now = this.clock.now();
    const { destination, kind, attempt, expiresAt } = message;
    const dueAt = addSeconds(now, backOffSeconds(attempt));
    const heldUntil =
      destinationDown === true ? addSeconds(now, backOffSeconds(this.poolOf(kind).failed(destination))) : undefined;
    await this.store.run(async (unit: Unit) => {
      if (attempt >= kind.maxAttempts || dueAt >= expiresAt)
        await this.outbox.giveUp(unit, message, `given up: ${reason}`, now);
      else await this.outbox.postpone(unit, message, dueAt, reason);
      if (heldUntil !== undefined) await this.outbox.postponeDestination(unit, message, heldUntil);
    });
  }

  private async deliver(message: ClaimedMessage): Promise<Delivery> {
    const now = this.clock.now();
    if (message.expiresAt <= now) return { outcome: 'give up', reason: 'too old' };
    // The attempts never ended: their processes died.
    if (message.attempt > message.kind.maxAttempts) return { outcome: 'give up', reason: 'too many attempts' };
    const attempt = new AbortController();
    const timeout = setTimeout(() => attempt.abort(), attemptMilliseconds);
    this.attempts.add(attempt);
    try {
      const { signal } = attempt;
      return await message.kind.deliver(this.outbox.payloadOf(message), { number: message.attempt, now, signal });
    } catch (error) {
      if (error instanceof UnsealError) return { outcome: 'give up', reason: 'the message cannot be opened' };
      this.log.warn({ err: error, kind: message.kind.name }, 'a delivery failed');
      return { outcome: 'retry', reason: 'failed here' };
    } finally {
      clearTimeout(timeout);
      this.attempts.delete(attempt);
    }
  }
}
