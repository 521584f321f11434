import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { Clock } from '@gatehouse/platform/clock';
import { Store, statement, type Unit } from '@gatehouse/platform/database/store';
import { Keyring } from '@gatehouse/platform/secrets/keyring';
import { firstSelectorAt, SelectorSource } from '@gatehouse/platform/secrets/random';
import type { PurgeStep } from '../database/sweep.js';

/** A row of `audit_events`. */
export interface AuditRow {
  readonly selector: number;
  /** Epoch seconds. */
  readonly at: number;
  readonly type: string;
  readonly actor_id: string | null;
  readonly client_id: string | null;
  readonly subject_id: string | null;
  readonly address: string | null;
  readonly request_id: string | null;
  /** JSON. */
  readonly details: string;
}

interface SealRow {
  readonly number: number;
  readonly last_selector: number;
  readonly events: number;
  readonly hash: string;
  readonly mac: string;
  readonly sealed_at: number;
  readonly purged_at: number | null;
}

type Unsigned = Omit<SealRow, 'mac'>;

/** The result of verifying the whole chain. */
export interface AuditVerification {
  readonly seals: number;
  readonly events: number;
  /** Newer events that are not sealed yet. */
  readonly unsealed: number;
  /** The hash of the last seal: kept elsewhere, it allows detecting that the end was truncated. */
  readonly head: string | undefined;
  /** The first problem; undefined when the chain is intact. */
  readonly problem: string | undefined;
}

const columns = 'selector, at, type, actor_id, client_id, subject_id, address, request_id, details';

const chainStatements = {
  last: statement('audit_seals.last', 'SELECT * FROM audit_seals ORDER BY number DESC LIMIT 1'),
  after: statement('audit_seals.after', 'SELECT * FROM audit_seals WHERE number > $1 ORDER BY number LIMIT $2'),
  insert: statement(
    'audit_seals.insert',
    'INSERT INTO audit_seals (number, last_selector, events, hash, mac, sealed_at) VALUES ($1, $2, $3, $4, $5, $6)',
  ),
  events: statement(
    'audit_events.range',
    `SELECT ${columns} FROM audit_events WHERE selector > $1 AND selector <= $2 ORDER BY selector LIMIT $3`,
  ),
  count: statement('audit_events.count_after', 'SELECT COUNT(*) AS n FROM audit_events WHERE selector > $1'),
  oldest: statement(
    'audit_seals.oldest',
    'SELECT * FROM audit_seals WHERE purged_at IS NULL AND sealed_at <= $1 ORDER BY number LIMIT 1',
  ),
  purgeEvents: statement('audit_events.purge', 'DELETE FROM audit_events WHERE selector <= $1'),
  markPurged: statement('audit_seals.mark_purged', 'UPDATE audit_seals SET purged_at = $2, mac = $3 WHERE number = $1'),
  deleteBefore: statement('audit_seals.forget', 'DELETE FROM audit_seals WHERE number < $1'),
};

/** The maximum number of events per seal and per read. */
export const maxEvents = 5_000;
/**
 * A selector is generated before the unit of work ends, by the clock of its own process: events with a smaller selector
 * may still be committed within this time. A unit of work takes at most 15 seconds.
 */
export const settleMilliseconds = 120_000;
const genesisHash = '0'.repeat(64);

/**
 * Seals events in batches after they are written, so that writers do not wait for each other: each seal is a hash of the
 * previous seal and of its events, authenticated with a key of this server. Changed, removed or added events and removed
 * seals are detected. A truncated end is only detected if the head is kept elsewhere.
 */
@Injectable()
export class AuditChain implements OnModuleInit {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Keyring) private readonly keyring: Keyring,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
  ) {}

  onModuleInit(): Promise<void> {
    return this.followLastSeal();
  }

  /** Generates selectors after the last seal, even if the clock is behind the process that created the seal. */
  async followLastSeal(): Promise<void> {
    const last = await this.store.one<SealRow>(chainStatements.last);
    if (last) this.selectors.startAfter(last.last_selector);
  }

  /**
   * Seals all settled events. Of two concurrent processes, one fails because the number of its seal exists already.
   * @param before milliseconds since the epoch: only older events are sealed
   * @returns the number of new seals
   */
  async seal(before = Date.now() - settleMilliseconds): Promise<number> {
    const bound = firstSelectorAt(before);
    for (let created = 0; ; created++) {
      const last = await this.store.one<SealRow>(chainStatements.last);
      const rows = await this.store.all<AuditRow>(chainStatements.events, last?.last_selector ?? 0, bound, maxEvents);
      const end = rows.at(-1);
      if (!end) return created;
      const number = (last?.number ?? 0) + 1;
      const hash = hashOf(last?.hash ?? genesisHash, rows);
      const now = this.clock.now();
      const sealed = {
        number,
        last_selector: end.selector,
        events: rows.length,
        hash,
        sealed_at: now,
        purged_at: null,
      };
      const mac = this.macOf(sealed);
      await this.store.run((unit) =>
        unit.change(chainStatements.insert, number, end.selector, rows.length, hash, mac, now),
      );
      this.selectors.startAfter(end.selector);
    }
  }

  /** @param expected an earlier head, which must be in the chain */
  async verify(expected?: string): Promise<AuditVerification> {
    const found = { seals: 0, events: 0, head: undefined as string | undefined };
    let hasExpected = expected === undefined;
    let before: SealRow | undefined;
    for (;;) {
      const seals = await this.store.all<SealRow>(chainStatements.after, before?.number ?? 0, 100);
      if (seals.length === 0) break;
      for (const seal of seals) {
        const problem = this.problemOf(seal, before) ?? (await this.problemOfEvents(seal, before));
        if (problem !== undefined) return { ...found, unsealed: 0, problem };
        found.seals += 1;
        found.events += seal.purged_at === null ? seal.events : 0;
        found.head = seal.hash;
        hasExpected ||= seal.hash === expected;
        before = seal;
      }
    }
    const rest = await this.store.one<{ n: number }>(chainStatements.count, before?.last_selector ?? 0);
    return {
      ...found,
      unsealed: Number(rest?.n ?? 0),
      problem: hasExpected ? undefined : 'the expected head is not in the chain: its end was truncated or rewritten',
    };
  }

  /** Events in order, read page by page. */
  async *read(sinceMilliseconds = 0, untilMilliseconds = Number.MAX_SAFE_INTEGER): AsyncGenerator<AuditRow> {
    const until =
      untilMilliseconds === Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : firstSelectorAt(untilMilliseconds) - 1;
    for (let after: number = firstSelectorAt(sinceMilliseconds) - 1; ;) {
      const rows = await this.store.all<AuditRow>(chainStatements.events, after, until, maxEvents);
      yield* rows;
      const end = rows.at(-1);
      if (!end || rows.length < maxEvents) return;
      after = end.selector;
    }
  }

  /** One step of the purge: all events of a seal. The last purged seal is kept, earlier ones are deleted. */
  async purgeSealed(unit: Unit, sealedUntil: EpochSeconds, now: EpochSeconds): Promise<PurgeStep> {
    const seal = await unit.one<SealRow>(chainStatements.oldest, sealedUntil);
    // A modified seal is kept with its events, for an investigation.
    if (!seal || !this.isOwnSeal(seal)) return { deleted: 0, more: false };
    const gone = await unit.change(chainStatements.purgeEvents, seal.last_selector);
    await unit.change(chainStatements.markPurged, seal.number, now, this.macOf({ ...seal, purged_at: now }));
    await unit.change(chainStatements.deleteBefore, seal.number);
    return { deleted: gone, more: true };
  }

  /** The problem of the seal itself, or of its position in the chain. */
  private problemOf(seal: SealRow, before: SealRow | undefined): string | undefined {
    if (!this.isOwnSeal(seal)) return `seal ${seal.number} was changed, or was created with another key`;
    if (before === undefined)
      return seal.number === 1 || seal.purged_at !== null
        ? undefined
        : `the chain starts with seal ${seal.number}: earlier seals are missing`;
    if (seal.number !== before.number + 1) return `seal ${before.number + 1} is missing`;
    return undefined;
  }

  private async problemOfEvents(seal: SealRow, before: SealRow | undefined): Promise<string | undefined> {
    const rows = await this.store.all<AuditRow>(
      chainStatements.events,
      before?.last_selector ?? 0,
      seal.last_selector,
      maxEvents + 1,
    );
    if (seal.purged_at !== null)
      return rows.length === 0 ? undefined : `events that were purged with seal ${seal.number} exist again`;
    const place = `the events of seal ${seal.number} (until ${new Date(seal.sealed_at * 1000).toISOString()})`;
    if (rows.length < seal.events) return `${place}: ${seal.events - rows.length} of ${seal.events} are missing`;
    if (rows.length > seal.events) return `${place}: ${rows.length} exist, but ${seal.events} were sealed`;
    if (hashOf(before?.hash ?? genesisHash, rows) !== seal.hash) return `${place} were changed`;
    return undefined;
  }

  private isOwnSeal(seal: SealRow): boolean {
    return this.macsOf(seal).some((mac) => isSame(mac, seal.mac));
  }

  private macOf(seal: Unsigned): string {
    const [mac] = this.macsOf(seal);
    if (!mac) throw new Error('the keyring has no key');
    return mac.toString('hex');
  }

  /** Covers all columns, so that `purged_at` cannot be forged either. */
  private macsOf(seal: Unsigned): readonly Buffer[] {
    const { number, last_selector, events, hash, sealed_at, purged_at } = seal;
    const text = JSON.stringify([number, last_selector, events, hash, sealed_at, purged_at]);
    return this.keyring.derive('audit chain').map((key) => createHmac('sha256', key).update(text).digest());
  }
}

/** Identical on both engines, regardless of the order of columns. */
function hashOf(before: string, rows: readonly AuditRow[]): string {
  const hash = createHash('sha256').update(before);
  for (const row of rows)
    hash.update(
      `\n${JSON.stringify([
        row.selector,
        row.at,
        row.type,
        row.actor_id,
        row.client_id,
        row.subject_id,
        row.address,
        row.request_id,
        row.details,
      ])}`,
    );
  return hash.digest('hex');
}

function isSame(mac: Buffer, text: string): boolean {
  const other = Buffer.from(text, 'hex');
  return other.length === mac.length && timingSafeEqual(mac, other);
}
