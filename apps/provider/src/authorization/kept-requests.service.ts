import { Inject, Injectable } from '@nestjs/common';
import { addSeconds, epochSeconds, equalInConstantTime, formatToken, parseToken, sha256, type EpochSeconds } from '@gatehouse/domain/kernel';
import { parseAuthorizationRequest, writeAuthorizationRequest } from '@gatehouse/domain/oauth';
import { Store, type Unit } from '@gatehouse/server/database/store';
import { Keyring } from '@gatehouse/server/secrets/keyring';
import { newSecret, SelectorSource } from '@gatehouse/server/secrets/random';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import type { KeptContent, KeptRequest, Progress } from './kept-request.js';
import { keptRequestStatements, type KeptRequestRow } from './kept-request.statements.js';

/** Past these a request is not stored but rides sealed in its own id. */
const perAddressAMinute = 120;
const mostStored = 100_000;
const mostSealedCharacters = 4096;
const sealedPrefix = 's.';
const countForSeconds = 5;

/** The browser that a request belongs to, and the address that it came from. */
export interface KeptFor {
  readonly browserHash: Buffer;
  readonly addressKey: string;
}

/**
 * Owns requests that wait for a person: bound to one browser, bounded per browser, per address and in all.
 * A request past those bounds is sealed into its own id, so that no stranger can push out another browser's login.
 */
@Injectable()
export class KeptRequestsService {
  private stored = { count: 0, at: 0 };

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(Keyring) private readonly keyring: Keyring,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** @returns the id for the address bar; undefined when it can be neither stored nor sealed (answer 429) */
  async keep(unit: Unit, content: KeptContent, owner: KeptFor, now: EpochSeconds): Promise<string | undefined> {
    if (!(await this.mayStore(unit, owner, now))) return this.seal(content, { createdAt: now }, owner);
    const token = { selector: this.selectors.next(), verifier: newSecret() };
    await unit.change(
      keptRequestStatements.insert,
      token.selector,
      sha256(token.verifier),
      owner.browserHash,
      content.kind,
      content.kind === 'authorization' ? content.request.clientId : null,
      writeContent(content),
      owner.addressKey,
      now,
      addSeconds(now, this.settings.requestLifetimeSeconds),
    );
    await unit.change(keptRequestStatements.trimBrowser, owner.browserHash, this.settings.pendingPerBrowser);
    this.stored.count++;
    return formatToken(token);
  }

  /** The request of this id, if it belongs to this browser and has not expired. */
  async find(id: string | undefined, browserHash: Buffer, now: EpochSeconds): Promise<KeptRequest | undefined> {
    if (id === undefined) return undefined;
    if (id.startsWith(sealedPrefix)) return this.open(id, browserHash, now);
    const token = parseToken(id);
    if (!token) return undefined;
    const row = await this.store.one<KeptRequestRow>(keptRequestStatements.find, token.selector, browserHash, now);
    if (!row || !equalInConstantTime(row.verifier_hash, sha256(token.verifier))) return undefined;
    return {
      ...parseContent(row.kind, row.parameters),
      id,
      progress: {
        createdAt: epochSeconds(row.created_at),
        loggedInAt: row.logged_in_at === null ? undefined : epochSeconds(row.logged_in_at),
        consentedAt: row.consented_at === null ? undefined : epochSeconds(row.consented_at),
      },
    };
  }

  /** Notes that the person logged in for, or said yes to, this request. The id may be another one afterwards. */
  async advance(unit: Unit, kept: KeptRequest, step: 'loggedIn' | 'consented', owner: KeptFor, now: EpochSeconds): Promise<string> {
    const token = parseToken(kept.id);
    if (token) {
      await unit.change(keptRequestStatements[step], token.selector, owner.browserHash, now);
      return kept.id;
    }
    const progress = step === 'loggedIn' ? { ...kept.progress, loggedInAt: now } : { ...kept.progress, consentedAt: now };
    return this.seal(kept, progress, owner) ?? kept.id;
  }

  async purgeExpired(unit: Unit, now: EpochSeconds, limit: number): Promise<number> {
    return unit.change(keptRequestStatements.purge, now, limit);
  }

  private async mayStore(unit: Unit, owner: KeptFor, now: EpochSeconds): Promise<boolean> {
    if (!this.settings.throttle) return true;
    if (now - this.stored.at >= countForSeconds) {
      const all = await unit.one<{ count: number }>(keptRequestStatements.countAll);
      this.stored = { count: Number(all?.count ?? 0), at: now };
    }
    if (this.stored.count >= mostStored) return false;
    const ofAddress = await unit.one<{ count: number }>(keptRequestStatements.countOfAddress, owner.addressKey, now - 60);
    return Number(ofAddress?.count ?? 0) < perAddressAMinute;
  }

  private seal(content: KeptContent, progress: Progress, owner: KeptFor): string | undefined {
    const text = JSON.stringify({ k: content.kind, p: writeContent(content), c: progress.createdAt, l: progress.loggedInAt, y: progress.consentedAt });
    const id = sealedPrefix + this.keyring.seal(placeOf(owner.browserHash), text);
    return id.length > mostSealedCharacters ? undefined : id;
  }

  private open(id: string, browserHash: Buffer, now: EpochSeconds): KeptRequest | undefined {
    if (id.length > mostSealedCharacters) return undefined;
    let text: string;
    try {
      text = this.keyring.open(placeOf(browserHash), id.slice(sealedPrefix.length)).toString('utf8');
    } catch {
      return undefined; // forged, another browser's, or sealed with a key that is gone
    }
    const sealed = JSON.parse(text) as { k: string; p: string; c: EpochSeconds; l?: EpochSeconds; y?: EpochSeconds };
    if (addSeconds(sealed.c, this.settings.requestLifetimeSeconds) <= now) return undefined;
    return { ...parseContent(sealed.k, sealed.p), id, progress: { createdAt: sealed.c, loggedInAt: sealed.l, consentedAt: sealed.y } };
  }
}

function placeOf(browserHash: Buffer): string {
  return `kept_requests.id:${browserHash.toString('base64url')}`;
}

function writeContent(content: KeptContent): string {
  return content.kind === 'address' ? content.address : writeAuthorizationRequest(content.request);
}

function parseContent(kind: string, text: string): KeptContent {
  return kind === 'address' ? { kind, address: text } : { kind: 'authorization', request: parseAuthorizationRequest(text) };
}
