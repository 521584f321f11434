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
  type OutboxListRow,
} from './outbox.statements.js';

export interface NewMessage {
  /** The name of a registered kind. */
  readonly kind: string;
  /** The destination as a unit of availability: an origin, a mail server. */
  readonly destination: string;
  /** Any JSON value, at most 48 kB. */
  readonly payload: unknown;
  /** Defaults to that of the kind. */
  readonly lifetimeSeconds?: number | undefined;
}

/** A message that this process has claimed for delivery. */
export interface ClaimedMessage {
  readonly selector: Selector;
  readonly kind: OutboxKind;
  readonly destination: string;
  /** Sealed; opened for the delivery. */
  readonly payloadSealed: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly expiresAt: EpochSeconds;
}

/** A message as operators see it, without its payload. */
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
  /** Creation of the oldest waiting message. */
  readonly oldest: EpochSeconds | undefined;
}

const maxPayloadCharacters = 48 * 1024;
const maxReasonCharacters = 200;
/** Longer than the timeout of an attempt (see the worker): after it, a claim of a dead process becomes available again. */
export const leaseSeconds = 30;
const failedRetentionSeconds = 3 * 24 * 3600;

/**
 * Owns the queue of outgoing messages. A message is written in the unit of work of its event, so it is delivered if and only
 * if the event happened: at least once, in no guaranteed order.
 */
@Injectable()
export class Outbox {
  private readonly kinds = new Map<string, OutboxKind>();
  private readonly listeners: (() => void)[] = [];

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(Keyring) private readonly keyring: Keyring,
  ) {}

  /** @throws Error when another kind has this name */
  register(kind: OutboxKind): void {
    if (this.kinds.has(kind.name)) throw new Error(`the message kind ${kind.name} is already registered`);
    this.kinds.set(kind.name, kind);
  }

  /** Registers a listener that is called after a commit with a new message. */
  onMessage(listener: () => void): void {
    this.listeners.push(listener);
  }

  /**
   * Writes a message.
   * @returns false when too many messages are waiting for this destination: then the message is not written
   * @throws Error when there is no such kind; RangeError when the payload is too large
   */
  async add(unit: Unit, message: NewMessage, now: EpochSeconds): Promise<boolean> {
    const kind = this.kinds.get(message.kind);
    if (!kind) throw new Error(`unknown message kind ${message.kind}`);
    const payload = JSON.stringify(message.payload);
    if (payload.length > maxPayloadCharacters)
      throw new RangeError(
        `the payload of a message has ${payload.length} characters, at most ${maxPayloadCharacters} are allowed`,
      );
    const selector = this.selectors.next();
    const added = await unit.change(
      outboxStatements.insert,
      selector,
      kind.name,
      message.destination,
      this.keyring.seal(associatedDataOf(selector), payload),
      now,
      addSeconds(now, message.lifetimeSeconds ?? kind.lifetimeSeconds),
    );
    if (added === 1) unit.afterCommit(() => this.notifyWorker());
    return added === 1;
  }

  /** The kinds that this version supports: messages of others are left to processes that support them. */
  registeredKinds(): OutboxKind[] {
    return [...this.kinds.values()];
  }

  async hasDue(now: EpochSeconds): Promise<boolean> {
    return (await this.store.one(outboxStatements.anyDue, now)) !== undefined;
  }

  /**
   * Due messages of one kind, the longest overdue first.
   * @param query.except destinations to leave out
   */
  async due(
    query: { readonly kind: string; readonly except: readonly string[]; readonly limit: number },
    now: EpochSeconds,
  ): Promise<DueRow[]> {
    return this.store.all<DueRow>(outboxStatements.due, query.kind, now, JSON.stringify(query.except), query.limit);
  }

  /** Claims messages for this process for the duration of a lease. @returns the claimed ones, without those that another process claimed first */
  async claim(rows: readonly DueRow[], now: EpochSeconds): Promise<ClaimedMessage[]> {
    const claimed = await this.store.run(async (unit) => {
      const claimedRows: ClaimedRow[] = [];
      for (const { selector, attempts } of rows) {
        const row = await unit.one<ClaimedRow>(
          outboxStatements.claim,
          selector,
          attempts,
          now,
          addSeconds(now, leaseSeconds),
        );
        if (row) claimedRows.push(row);
      }
      return claimedRows;
    });
    return claimed.flatMap((row) => {
      const kind = this.kinds.get(row.kind);
      return kind === undefined ? [] : [{ ...toMessage(row), kind }];
    });
  }

  /** @throws UnsealError when it was sealed with a key that has been removed, or was moved to another row */
  payloadOf(message: ClaimedMessage): unknown {
    return JSON.parse(this.keyring.open(associatedDataOf(message.selector), message.payloadSealed).toString('utf8'));
  }

  async markDelivered(unit: Unit, message: ClaimedMessage): Promise<void> {
    await unit.change(outboxStatements.arrived, message.selector, message.attempt);
  }

  async postpone(unit: Unit, message: ClaimedMessage, dueAt: EpochSeconds, reason: string): Promise<void> {
    await unit.change(outboxStatements.postpone, message.selector, message.attempt, dueAt, truncated(reason));
  }

  /** Releases the claim, as if the message had not been claimed. */
  async release(unit: Unit, message: ClaimedMessage, now: EpochSeconds): Promise<void> {
    await unit.change(outboxStatements.release, message.selector, message.attempt, now);
  }

  async giveUp(unit: Unit, message: ClaimedMessage, reason: string, now: EpochSeconds): Promise<void> {
    await unit.change(outboxStatements.giveUp, message.selector, message.attempt, now, truncated(reason));
  }

  /** Postpones the other messages of this kind for the same destination, which is unreachable. */
  async postponeDestination(unit: Unit, { kind, destination }: ClaimedMessage, until: EpochSeconds): Promise<void> {
    await unit.change(outboxStatements.holdBack, kind.name, destination, until);
  }

  /** Oldest first; `after` is the selector of the last message of the previous page. */
  async list(query: {
    readonly failedOnly: boolean;
    readonly after?: number;
    readonly limit: number;
  }): Promise<ListedMessage[]> {
    const text = query.failedOnly ? outboxStatements.listFailed : outboxStatements.list;
    const rows = await this.store.all<OutboxListRow>(text, query.after ?? 0, query.limit);
    return rows.map(toListed);
  }

  /**
   * Makes messages due now, including those that were given up.
   * @returns how many; messages that no longer exist or are being delivered do not count
   */
  async retry(unit: Unit, selectors: readonly number[], now: EpochSeconds): Promise<number> {
    let changed = 0;
    for (const selector of selectors)
      changed += await unit.change(outboxStatements.retry, selector, now, addSeconds(now, 3600));
    if (changed > 0) unit.afterCommit(() => this.notifyWorker());
    return changed;
  }

  async backlog(): Promise<Backlog> {
    return toBacklog(await this.store.one<BacklogRow>(outboxStatements.backlog));
  }

  async backlogOf(kinds: readonly string[]): Promise<Backlog> {
    return toBacklog(await this.store.one<BacklogRow>(outboxStatements.backlogOf, JSON.stringify(kinds)));
  }

  /** A step of the purge: deletes messages that were given up days ago. */
  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<PurgeStep> {
    const gone = await unit.change(outboxStatements.purge, now - failedRetentionSeconds);
    return { deleted: gone, more: gone === maxPurgedInStep };
  }

  private notifyWorker(): void {
    for (const listener of this.listeners) listener();
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

function associatedDataOf(selector: number): string {
  return `outbox_messages.payload:${selector}`;
}

function truncated(reason: string): string {
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

function toListed(row: OutboxListRow): ListedMessage {
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
