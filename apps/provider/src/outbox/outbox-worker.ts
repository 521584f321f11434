import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { addSeconds } from '@gatehouse/domain/kernel';
import { Clock } from '@gatehouse/platform/clock';
import { Store, StoreUnavailable, type Unit } from '@gatehouse/platform/database/store';
import { CannotOpen } from '@gatehouse/platform/secrets/keyring';
import { Log } from '@gatehouse/platform/telemetry/log';
import { Counters } from '../monitoring/counters.js';
import { backOffSeconds } from './back-off.js';
import { DeliveryPool } from './delivery-pool.js';
import type { Delivery, OutboxKind } from './outbox-kind.js';
import { Outbox, type ClaimedMessage } from './outbox.service.js';

/** Rows of one kind that one query reads. */
const maxRowsRead = 64;
/** How often to look for what is due again, or was written by another process. */
const pollMilliseconds = 1000;
/** Shorter than a lease, so that nobody else has it while an attempt still runs. */
const attemptMilliseconds = 20_000;
/** How long the end of the process waits for attempts that run. */
const graceMilliseconds = 3000;

/** Delivers what is due. Every server process has one; commands, which end soon, leave it to them. */
@Injectable()
export class OutboxWorker implements BeforeApplicationShutdown {
  /** By the name of the kind. */
  private readonly pools = new Map<string, DeliveryPool>();
  /** One for each attempt. */
  private readonly attempts = new Set<AbortController>();
  private cutShort = false;
  private readonly running = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private state: 'not started' | 'idle' | 'looking' | 'looking, and again' | 'ended' = 'not started';

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
    this.outbox.onMessage(() => this.wake());
    this.counters.watchOutbox(async () => {
      const { waiting, failed, oldest } = await this.outbox.backlog();
      return { waiting, failed, oldestAgeSeconds: oldest === undefined ? 0 : this.clock.now() - oldest };
    });
    this.wake();
  }

  /** Looks now; while it looks already, once more after that. */
  wake(): void {
    if (this.state === 'looking') this.state = 'looking, and again';
    if (this.state !== 'idle') return;
    this.state = 'looking';
    clearTimeout(this.timer);
    const looked = this.look()
      .catch((error: unknown) => {
        // A database that is away is not news here: requests say so, and the next look comes by itself.
        if (!(error instanceof StoreUnavailable)) this.log.error({ err: error }, 'the outbox cannot be read');
      })
      .finally(() => {
        this.running.delete(looked);
        if (this.state === 'ended') return;
        const again = this.state === 'looking, and again';
        this.state = 'idle';
        if (again) this.wake();
        else this.timer = setTimeout(() => this.wake(), pollMilliseconds).unref();
      });
    this.running.add(looked);
  }

  /** Takes nothing more, waits a moment for what is on its way, and gives back what did not arrive. */
  async beforeApplicationShutdown(): Promise<void> {
    this.state = 'ended';
    clearTimeout(this.timer);
    const cut = setTimeout(() => {
      this.cutShort = true;
      for (const attempt of this.attempts) attempt.abort();
    }, graceMilliseconds);
    while (this.running.size > 0) await Promise.all(this.running);
    clearTimeout(cut);
  }

  /** Each step fills the capacity of a destination or of a kind, or reads the last rows of a kind, so there are few. */
  private async look(): Promise<void> {
    if (!(await this.outbox.hasDue(this.clock.now()))) return;
    let kinds = this.outbox.registeredKinds();
    while (kinds.length > 0 && !this.hasEnded()) kinds = await this.startDue(kinds);
  }

  private hasEnded(): boolean {
    return this.state === 'ended';
  }

  /** @returns the kinds of which messages were started: there may be more of them */
  private async startDue(kinds: readonly OutboxKind[]): Promise<OutboxKind[]> {
    const started: OutboxKind[] = [];
    for (const kind of kinds) {
      const pool = this.poolOf(kind);
      if (pool.free <= 0 || this.hasEnded()) continue;
      const now = this.clock.now();
      // Read for each kind by itself: however many rows of another kind are due before it, they are not in between.
      const rows = await this.outbox.due({ kind: kind.name, except: pool.full(), limit: maxRowsRead }, now);
      const chosen = pool.reserve(rows);
      if (chosen.length === 0) continue;
      const claimed = await this.outbox.claim(chosen, now).catch((error: unknown) => {
        for (const { destination } of chosen) pool.release(destination);
        throw error;
      });
      const taken = new Set<number>(claimed.map(({ selector }) => selector));
      for (const row of chosen) if (!taken.has(row.selector)) pool.release(row.destination);
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
        // It could not be noted what became of it: the lease ends by itself, and it is told again.
        this.log.warn({ err: error, kind: message.kind.name }, 'a delivery could not be noted');
      })
      .finally(() => {
        pool.release(message.destination);
        this.running.delete(attempt);
        this.wake();
      });
    this.running.add(attempt);
  }

  private async attempt(message: ClaimedMessage): Promise<void> {
    const delivery = await this.deliver(message);
    this.counters.outboxAttempt(message.kind.name, delivery.outcome);
    const { destination, kind, attempt } = message;
    if (delivery.outcome === 'delivered') {
      this.poolOf(kind).succeeded(destination);
      await this.store.run((unit) => this.outbox.arrived(unit, message));
      return;
    }
    // The process ends: whoever comes next may have it at once.
    if (this.cutShort) {
      await this.store.run((unit) => this.outbox.release(unit, message, this.clock.now()));
      return;
    }
    const about = { kind: kind.name, destination, attempt, reason: delivery.reason };
    if (delivery.outcome === 'give up') {
      this.log.warn(about, 'a message was given up');
      await this.store.run((unit) => this.outbox.giveUp(unit, message, delivery.reason, this.clock.now()));
      return;
    }
    this.log.info(about, 'a message did not arrive and is sent again');
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
      if (heldUntil !== undefined) await this.outbox.holdBack(unit, message, heldUntil);
    });
  }

  private async deliver(message: ClaimedMessage): Promise<Delivery> {
    const now = this.clock.now();
    if (message.expiresAt <= now) return { outcome: 'give up', reason: 'too old' };
    // Its attempts never came to an end: their processes died.
    if (message.attempt > message.kind.maxAttempts) return { outcome: 'give up', reason: 'too many attempts' };
    const attempt = new AbortController();
    const tooLong = setTimeout(() => attempt.abort(), attemptMilliseconds);
    this.attempts.add(attempt);
    try {
      const { signal } = attempt;
      return await message.kind.deliver(this.outbox.payloadOf(message), { number: message.attempt, now, signal });
    } catch (error) {
      if (error instanceof CannotOpen) return { outcome: 'give up', reason: 'the message cannot be opened' };
      this.log.warn({ err: error, kind: message.kind.name }, 'a delivery failed');
      return { outcome: 'retry', reason: 'failed here' };
    } finally {
      clearTimeout(tooLong);
      this.attempts.delete(attempt);
    }
  }
}
