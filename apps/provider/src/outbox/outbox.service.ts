import { Inject, Injectable } from '@nestjs/common';
import { addSeconds, epochSeconds, type EpochSeconds, type Selector } from '@gatehouse/domain/kernel';
import { Store, type Unit } from '@gatehouse/platform/database/store';
import { Keyring } from '@gatehouse/platform/secrets/keyring';
import { SelectorSource } from '@gatehouse/platform/secrets/random';
import type { PurgeStep } from '../database/sweep.js';
import type { OutboxKind } from './outbox-kind.js';
import {
  maxPurgedInStep,
  outboxStatements,
  type ClaimedRow,
  type DueRow,
  type ListedRow,
} from './outbox.statements.js';

export interface NewMessage {
  /** The name of a registered kind. */
  readonly kind: string;
  /** Where it goes, as far as one being down means that all is: an origin, a mail server. */
  readonly destination: string;
  /** Anything that JSON carries, 48 kB of it at most. */
  readonly payload: unknown;
  /** The kind's own when left out. */
  readonly lifetimeSeconds?: number | undefined;
}

/** A message that this process delivers now. */
export interface ClaimedMessage {
  readonly selector: Selector;
  readonly kind: OutboxKind;
  readonly destination: string;
  /** Sealed: opened when it is delivered. */
  readonly payloadSealed: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly expiresAt: EpochSeconds;
}

/** A message as operators see it: never what it says. */
export interface ListedMessage {
  readonly selector: Selector;
  readonly kind: string;
  readonly destination: string;
  readonly state: 'waiting' | 'being delivered' | 'given up';
  readonly attempts: number;
  readonly createdAt: EpochSeconds;
  readonly expiresAt: EpochSeconds;
  readonly dueAt: EpochSeconds | undefined;
  readonly lastFailure: string | undefined;
}

export interface Backlog {
  readonly waiting: number;
  readonly failed: number;
  /** Of what waits. */
  readonly oldest: EpochSeconds | undefined;
}

const maxPayloadCharacters = 48 * 1024;
const maxReasonCharacters = 200;
/** Longer than any attempt may take (see the worker): a claim whose process died comes back after it. */
export const leaseSeconds = 30;
const failedKeptSeconds = 3 * 24 * 3600;

/**
 * Owns the queue of what must reach others. A message is written in the unit of its event: it is told if, and only if,
 * that happened. It is told at least once, in no promised order.
 */
@Injectable()
export class Outbox {
  private readonly kinds = new Map<string, OutboxKind>();
  private readonly wakers: (() => void)[] = [];

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(Keyring) private readonly keyring: Keyring,
  ) {}

  /** @throws Error when another kind has this name */
  register(kind: OutboxKind): void {
    if (this.kinds.has(kind.name)) throw new Error(`two kinds of messages are called ${kind.name}`);
    this.kinds.set(kind.name, kind);
  }

  /** Called after a commit that brought a message. */
  onMessage(wake: () => void): void {
    this.wakers.push(wake);
  }

  /**
   * Writes a message.
   * @returns false when too many wait for this destination already: then it is not written, and nobody will be told
   * @throws Error when there is no such kind; RangeError when the payload is too large
   */
  async add(unit: Unit, message: NewMessage, now: EpochSeconds): Promise<boolean> {
    const kind = this.kinds.get(message.kind);
    if (!kind) throw new Error(`there is no kind of messages called ${message.kind}`);
    const payload = JSON.stringify(message.payload);
    if (payload.length > maxPayloadCharacters) throw new RangeError(`a message of ${payload.length} characters`);
    const selector = this.selectors.next();
    const added = await unit.change(
      outboxStatements.insert,
      selector,
      kind.name,
      message.destination,
      this.keyring.seal(placeOf(selector), payload),
      now,
      addSeconds(now, message.lifetimeSeconds ?? kind.lifetimeSeconds),
    );
    if (added === 1) unit.afterCommit(() => this.wake());
    return added === 1;
  }

  /** Kinds that this version knows: messages of others are left to processes that know them. */
  registeredKinds(): OutboxKind[] {
    return [...this.kinds.values()];
  }

  async hasDue(now: EpochSeconds): Promise<boolean> {
    return (await this.store.one(outboxStatements.anyDue, now)) !== undefined;
  }

  /**
   * Messages of one kind that may be attempted, those that are due longest first.
   * @param query.except destinations to leave out
   */
  async due(
    query: { readonly kind: string; readonly except: readonly string[]; readonly limit: number },
    now: EpochSeconds,
  ): Promise<DueRow[]> {
    return this.store.all<DueRow>(outboxStatements.due, query.kind, now, JSON.stringify(query.except), query.limit);
  }

  /** Takes messages for this process, for the time of a lease; those that another one took meanwhile are not in the answer. */
  async claim(rows: readonly DueRow[], now: EpochSeconds): Promise<ClaimedMessage[]> {
    const claimed = await this.store.run(async (unit) => {
      const taken: ClaimedRow[] = [];
      for (const { selector, attempts } of rows) {
        const row = await unit.one<ClaimedRow>(
          outboxStatements.claim,
          selector,
          attempts,
          now,
          addSeconds(now, leaseSeconds),
        );
        if (row) taken.push(row);
      }
      return taken;
    });
    return claimed.flatMap((row) => {
      const kind = this.kinds.get(row.kind);
      return kind === undefined ? [] : [{ ...toMessage(row), kind }];
    });
  }

  /** @throws CannotOpen when it was sealed by a key that is gone, or lies in another row's place */
  payloadOf(message: ClaimedMessage): unknown {
    return JSON.parse(this.keyring.open(placeOf(message.selector), message.payloadSealed).toString('utf8'));
  }

  async arrived(unit: Unit, message: ClaimedMessage): Promise<void> {
    await unit.change(outboxStatements.arrived, message.selector, message.attempt);
  }

  async postpone(unit: Unit, message: ClaimedMessage, dueAt: EpochSeconds, reason: string): Promise<void> {
    await unit.change(outboxStatements.postpone, message.selector, message.attempt, dueAt, short(reason));
  }

  /** Gives it back to whoever comes next, as if it had not been taken. */
  async release(unit: Unit, message: ClaimedMessage, now: EpochSeconds): Promise<void> {
    await unit.change(outboxStatements.release, message.selector, message.attempt, now);
  }

  async giveUp(unit: Unit, message: ClaimedMessage, reason: string, now: EpochSeconds): Promise<void> {
    await unit.change(outboxStatements.giveUp, message.selector, message.attempt, now, short(reason));
  }

  /** Postpones the other messages of this kind for the same destination, which is down. */
  async holdBack(unit: Unit, { kind, destination }: ClaimedMessage, until: EpochSeconds): Promise<void> {
    await unit.change(outboxStatements.holdBack, kind.name, destination, until);
  }

  /** The oldest first; `after` is the selector of the last one of the page before. */
  async list(query: {
    readonly failedOnly: boolean;
    readonly after?: number;
    readonly limit: number;
  }): Promise<ListedMessage[]> {
    const text = query.failedOnly ? outboxStatements.listFailed : outboxStatements.list;
    const rows = await this.store.all<ListedRow>(text, query.after ?? 0, query.limit);
    return rows.map(toListed);
  }

  /**
   * Makes messages due now, also those that were given up.
   * @returns how many; those that are gone or being delivered are left alone
   */
  async retry(unit: Unit, selectors: readonly number[], now: EpochSeconds): Promise<number> {
    let changed = 0;
    for (const selector of selectors)
      changed += await unit.change(outboxStatements.retry, selector, now, addSeconds(now, 3600));
    if (changed > 0) unit.afterCommit(() => this.wake());
    return changed;
  }

  async backlog(): Promise<Backlog> {
    return toBacklog(await this.store.one<BacklogRow>(outboxStatements.backlog));
  }

  async backlogOf(kinds: readonly string[]): Promise<Backlog> {
    return toBacklog(await this.store.one<BacklogRow>(outboxStatements.backlogOf, JSON.stringify(kinds)));
  }

  /** A step of the purge: what was given up days ago. */
  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<PurgeStep> {
    const gone = await unit.change(outboxStatements.purge, now - failedKeptSeconds);
    return { gone, more: gone === maxPurgedInStep };
  }

  private wake(): void {
    for (const wake of this.wakers) wake();
  }
}

interface BacklogRow {
  readonly waiting: number;
  readonly failed: number;
  readonly oldest: number | null;
}

function toBacklog(row: BacklogRow | undefined): Backlog {
  const oldest = row?.oldest ?? undefined;
  return {
    waiting: Number(row?.waiting ?? 0),
    failed: Number(row?.failed ?? 0),
    oldest: oldest === undefined ? undefined : epochSeconds(Number(oldest)),
  };
}

function placeOf(selector: number): string {
  return `outbox_messages.payload:${selector}`;
}

function short(reason: string): string {
  return reason.slice(0, maxReasonCharacters);
}

function toMessage(row: ClaimedRow): Omit<ClaimedMessage, 'kind'> {
  return {
    selector: row.selector as Selector,
    destination: row.destination,
    payloadSealed: row.payload_sealed,
    attempt: row.attempts,
    expiresAt: epochSeconds(row.expires_at),
  };
}

function toListed(row: ListedRow): ListedMessage {
  return {
    selector: row.selector as Selector,
    kind: row.kind,
    destination: row.destination,
    state: row.failed_at !== null ? 'given up' : row.claimed_at !== null ? 'being delivered' : 'waiting',
    attempts: row.attempts,
    createdAt: epochSeconds(row.created_at),
    expiresAt: epochSeconds(row.expires_at),
    dueAt: row.due_at === null ? undefined : epochSeconds(row.due_at),
    lastFailure: row.last_failure ?? undefined,
  };
}
