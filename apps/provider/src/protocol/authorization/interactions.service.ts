import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import {
  addSeconds,
  epochSeconds,
  equalInConstantTime,
  formatToken,
  parseToken,
  type EpochSeconds,
  type Selector,
  type Token,
} from '@gatehouse/domain/kernel';
import { Store, type Unit } from '@gatehouse/platform/database/store';
import { Keyring } from '@gatehouse/platform/secrets/keyring';
import { SelectorSource } from '@gatehouse/platform/secrets/random';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { Sweeper, type PurgeStep } from '../../database/sweep.js';
import {
  clientIdOf,
  parseContent,
  writeContent,
  type CompletedStep,
  type InteractionContent,
  type Interaction,
  type InteractionProgress,
} from './interaction.js';
import { interactionStatements, type InteractionRow } from './interaction.statements.js';

/** Above these limits an interaction is not stored but sealed into its own id. */
const maxPerAddressAndMinute = 120;
const maxStored = 100_000;
const maxSealedCharacters = 4096;
const sealedPrefix = 's.';
const countCacheSeconds = 5;
/** How long an interaction is offered that started without a session: its user is unknown. */
const offeredSeconds = 3600;

/** An interaction sealed into its id: kind, content, and the instants of its progress. */
interface Sealed {
  readonly k: string;
  readonly p: string;
  readonly c: EpochSeconds;
  readonly l?: EpochSeconds;
  readonly y?: EpochSeconds;
  readonly s?: EpochSeconds;
}

/** The browser that an interaction belongs to, and the address of its request. */
export interface InteractionOwner {
  readonly browserHash: Buffer;
  readonly addressKey: string;
  /** The user who is signed in; undefined without a session. */
  readonly userId: string | undefined;
}

/**
 * Owns requests that wait for a user: each is bound to one browser, and their number is limited per browser, per address
 * and in total. Above these limits a request is sealed into its own id, so that nobody can displace another browser's
 * sign-in.
 */
@Injectable()
export class Interactions {
  private stored = { count: 0, at: 0 };
  private readonly keys: readonly Buffer[];

  private readonly sweeper = new Sweeper(interactionStatements.purge);

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(Keyring) private readonly keyring: Keyring,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    this.keys = keyring.derive('kept request id');
  }

  /** @returns the id for the URL; undefined when the request can be neither stored nor sealed (respond with 429) */
  async create(
    unit: Unit,
    content: InteractionContent,
    owner: InteractionOwner,
    now: EpochSeconds,
  ): Promise<string | undefined> {
    // Checked with the longest possible progress, so that the id also fits after every step.
    if (!(await this.mayStore(unit, owner, now)))
      return (
        this.seal(content, { createdAt: now, loggedInAt: now, consentedAt: now, selectedAt: now }, owner) &&
        this.seal(content, { createdAt: now }, owner)
      );
    const selector = this.selectors.next();
    await unit.change(
      interactionStatements.insert,
      selector,
      owner.browserHash,
      content.kind,
      clientIdOf(content) ?? null,
      writeContent(content),
      owner.addressKey,
      now,
      addSeconds(now, this.settings.requestLifetimeSeconds),
      owner.userId ?? null,
    );
    await unit.change(interactionStatements.trimBrowser, owner.browserHash, this.settings.pendingPerBrowser);
    this.stored.count++;
    return this.idOf(selector, owner.browserHash);
  }

  /** The interaction with this id, if it belongs to this browser and has not expired. */
  async find(id: string | undefined, browserHash: Buffer, now: EpochSeconds): Promise<Interaction | undefined> {
    if (id === undefined) return undefined;
    if (id.startsWith(sealedPrefix)) return this.open(id, browserHash, now);
    const token = parseToken(id);
    if (!token || !this.isGenuine(token, browserHash)) return undefined;
    const row = await this.store.one<InteractionRow>(interactionStatements.find, token.selector, browserHash, now);
    return row && toInteraction(id, row);
  }

  /** The interaction of this row, if it belongs to this browser, has not expired, and has not been answered. */
  async findOpen(selector: Selector, browserHash: Buffer, now: EpochSeconds): Promise<Interaction | undefined> {
    const row = await this.store.one<InteractionRow>(interactionStatements.find, selector, browserHash, now);
    return row && row.answered_at === null ? toInteraction(this.idOf(selector, browserHash), row) : undefined;
  }

  /**
   * The newest unanswered interaction that a page may offer to continue: one of the user who is signed in, or a recent one
   * that started without a session. Never one of another user: browsers are shared.
   */
  async findOffered(
    { browserHash, userId }: Pick<InteractionOwner, 'browserHash' | 'userId'>,
    now: EpochSeconds,
  ): Promise<{ id: string; clientId: string } | undefined> {
    const row = await this.store.one<{ selector: Selector; client_id: string }>(
      interactionStatements.newestOffered,
      browserHash,
      now,
      userId ?? null,
      now - offeredSeconds,
    );
    return row && { id: this.idOf(row.selector, browserHash), clientId: row.client_id };
  }

  /**
   * Stops offering the existing interactions of this browser: after a sign-out, a sign-in by another user, or on request.
   * The interactions themselves remain, for tabs that have their address.
   */
  async dismissAll(unit: Unit, browserHash: Buffer, now: EpochSeconds, except?: Interaction): Promise<void> {
    const exempt = except && parseToken(except.id);
    await unit.change(interactionStatements.dismissAll, browserHash, now, exempt?.selector ?? 0);
  }

  /** Records that the client received its response. */
  markAnswered(unit: Unit, id: string, browserHash: Buffer, now: EpochSeconds): void {
    const token = parseToken(id);
    if (token) unit.write(interactionStatements.answered, token.selector, browserHash, now);
  }

  /** The same; the unit of work fails if the interaction has already been answered. */
  claimAnswer(unit: Unit, id: string, browserHash: Buffer, now: EpochSeconds): void {
    const token = parseToken(id);
    if (token) unit.expectChange(interactionStatements.answeredFirst, token.selector, browserHash, now);
  }

  /** Records a completed step. @returns the id, which may have changed */
  async advance(
    unit: Unit,
    interaction: Interaction,
    step: CompletedStep,
    owner: InteractionOwner,
    now: EpochSeconds,
  ): Promise<string> {
    const token = parseToken(interaction.id);
    if (token) {
      await unit.change(interactionStatements[step], token.selector, owner.browserHash, now, owner.userId ?? null);
      return interaction.id;
    }
    return this.seal(interaction, { ...interaction.progress, [`${step}At`]: now }, owner) ?? interaction.id;
  }

  /** A step of the purge. */
  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<PurgeStep> {
    return this.sweeper.step(unit, now);
  }

  /** Derived, not stored: the id of a row can always be shown to its browser again. */
  private idOf(selector: Selector, browserHash: Buffer, key = this.keys[0]): string {
    if (!key) throw new Error('No key is available to derive interaction ids.');
    const verifier = createHmac('sha256', key).update(`${selector}.`).update(browserHash).digest('base64url');
    return formatToken({ selector, verifier });
  }

  private isGenuine(token: Token, browserHash: Buffer): boolean {
    const presented = Buffer.from(formatToken(token));
    return this.keys.some((key) =>
      equalInConstantTime(Buffer.from(this.idOf(token.selector, browserHash, key)), presented),
    );
  }

  private async mayStore(unit: Unit, owner: InteractionOwner, now: EpochSeconds): Promise<boolean> {
    if (!this.settings.throttle) return true;
    if (now - this.stored.at >= countCacheSeconds) {
      const all = await unit.one<{ count: number }>(interactionStatements.countAll);
      this.stored = { count: Number(all?.count ?? 0), at: now };
    }
    if (this.stored.count >= maxStored) return false;
    const recent = await unit.one<{ count: number }>(interactionStatements.countOfAddress, owner.addressKey, now - 60);
    return Number(recent?.count ?? 0) < maxPerAddressAndMinute;
  }

  private seal(
    content: InteractionContent,
    progress: InteractionProgress,
    owner: InteractionOwner,
  ): string | undefined {
    const text = JSON.stringify({
      k: content.kind,
      p: writeContent(content),
      c: progress.createdAt,
      l: progress.loggedInAt,
      y: progress.consentedAt,
      s: progress.selectedAt,
    });
    const id = sealedPrefix + this.keyring.seal(associatedDataOf(owner.browserHash), text);
    return id.length > maxSealedCharacters ? undefined : id;
  }

  private open(id: string, browserHash: Buffer, now: EpochSeconds): Interaction | undefined {
    if (id.length > maxSealedCharacters) return undefined;
    let text: string;
    try {
      text = this.keyring.open(associatedDataOf(browserHash), id.slice(sealedPrefix.length)).toString('utf8');
    } catch {
      return undefined; // forged, of another browser, or sealed with a key that has been removed
    }
    const sealed = JSON.parse(text) as Sealed;
    if (addSeconds(sealed.c, this.settings.requestLifetimeSeconds) <= now) return undefined;
    return {
      ...parseContent(sealed.k, sealed.p),
      id,
      progress: { createdAt: sealed.c, loggedInAt: sealed.l, consentedAt: sealed.y, selectedAt: sealed.s },
    };
  }
}

function associatedDataOf(browserHash: Buffer): string {
  return `kept_requests.id:${browserHash.toString('base64url')}`;
}

function toInteraction(id: string, row: InteractionRow): Interaction {
  return {
    ...parseContent(row.kind, row.parameters),
    id,
    progress: {
      createdAt: epochSeconds(row.created_at),
      loggedInAt: row.logged_in_at === null ? undefined : epochSeconds(row.logged_in_at),
      consentedAt: row.consented_at === null ? undefined : epochSeconds(row.consented_at),
      selectedAt: row.selected_at === null ? undefined : epochSeconds(row.selected_at),
    },
  };
}
