import { Inject, Injectable } from '@nestjs/common';
import {
  addSeconds,
  epochSeconds,
  equalInConstantTime,
  parseToken,
  sha256,
  type EpochSeconds,
  type Selector,
} from '@gatehouse/domain/kernel';
import { currentRefreshTokenExpiry, extendsRefreshToken, parseScope, type Scope } from '@gatehouse/domain/oauth';
import { Store, type Unit } from '@gatehouse/platform/database/store';
import { UnsealError, deriveKey, expandKey, openWith, sealWith } from '@gatehouse/platform/secrets/keyring';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { Sweeper, type PurgeStep } from '../database/sweep.js';
import { refreshReplayStatements, refreshTokenStatements, type RefreshTokenRow } from './token.statements.js';

/** A refresh token as it was issued; whether it is spent or expired is for the caller to judge. */
export interface RefreshToken {
  readonly selector: Selector;
  readonly grantSelector: Selector;
  readonly clientId: string;
  readonly scope: Scope;
  /** Thumbprint of the key that it is bound to. */
  readonly dpopJkt: string | undefined;
  readonly issuedAt: EpochSeconds;
  readonly expiresAt: EpochSeconds;
  readonly consumedAt: EpochSeconds | undefined;
  /** Opens the answer that spent it. Held in memory only. */
  readonly verifier: string;
}

/**
 * Owns refresh tokens: finds them, extends those that are kept, exchanges those that rotate once, and repeats a lost
 * response to the holder of a rotated token.
 */
@Injectable()
export class RefreshTokensService {
  private readonly sweeper = new Sweeper(refreshTokenStatements.purge);
  private readonly answers = new Sweeper(refreshReplayStatements.purge);

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** The token that this text is, spent and expired ones included; undefined for what was never issued. */
  async find(text: string): Promise<RefreshToken | undefined> {
    const token = parseToken(text);
    if (!token) return undefined;
    const row = await this.store.one<RefreshTokenRow>(refreshTokenStatements.find, token.selector);
    if (!row || !equalInConstantTime(row.verifier_hash, sha256(token.verifier))) return undefined;
    return {
      selector: row.selector as Selector,
      grantSelector: row.grant_selector as Selector,
      clientId: row.client_id,
      scope: parseScope(row.scope),
      dpopJkt: row.dpop_jkt ?? undefined,
      issuedAt: epochSeconds(row.issued_at),
      expiresAt: epochSeconds(row.expires_at),
      consumedAt: row.consumed_at === null ? undefined : epochSeconds(row.consumed_at),
      verifier: token.verifier,
    };
  }

  /**
   * Spends the token for its successor and keeps the answer with it. The unit stands on it, which holds for exactly one
   * of however many come at once.
   * @param request a text that is the same for the same request: a repeat must match it
   */
  consume(
    unit: Unit,
    token: RefreshToken,
    answer: { readonly successor: Selector; readonly body: string; readonly request: string },
    now: EpochSeconds,
  ): void {
    unit.expectChange(refreshTokenStatements.consume, token.selector, now, answer.successor);
    const window = this.settings.refreshRetryWindowSeconds;
    if (window === 0) return;
    const sealed = sealWith(answerKey(token), placeOf(token, answer.request), answer.body);
    unit.write(refreshReplayStatements.keep, answer.successor, sealed, addSeconds(now, window));
  }

  /**
   * Extends a token that is kept until `expiresAt`; written at most once a minute. Where it is written, the unit depends on
   * it: NothingChanged when the token was spent or purged meanwhile.
   */
  extend(unit: Unit, token: RefreshToken, expiresAt: EpochSeconds): void {
    if (extendsRefreshToken(token, expiresAt, this.settings))
      unit.expectChange(refreshTokenStatements.extend, token.selector, expiresAt);
  }

  /** When the token expires: by its last use, or by the absolute lifetime since its grant was made. */
  expiryOf(token: RefreshToken, grantedAt: EpochSeconds): EpochSeconds {
    return currentRefreshTokenExpiry(token, grantedAt, this.settings);
  }

  /**
   * The answer that spent the token, for the same request again: inside the window and before its successor was used.
   * Undefined for every other repeat, which is reuse.
   */
  async findReplay(token: RefreshToken, request: string, now: EpochSeconds): Promise<string | undefined> {
    const row = await this.store.one<RefreshTokenRow>(refreshTokenStatements.find, token.selector);
    if (
      !row ||
      row.successor_selector === null ||
      (await this.store.one(refreshTokenStatements.isConsumed, row.successor_selector))
    )
      return undefined;
    const kept = await this.store.one<{ sealed: string }>(refreshReplayStatements.find, row.successor_selector, now);
    if (kept) return opened(answerKey(token), placeOf(token, request), kept.sealed);
    // Spent by a process of the version before.
    if (row.answer_sealed === null || row.answer_until === null || row.answer_until <= now) return undefined;
    return opened(deriveKey(token.verifier, purpose), placeOf(token, request), row.answer_sealed);
  }

  /** A step of the purge. */
  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<PurgeStep> {
    return this.sweeper.step(unit, now);
  }

  /** A step of the purge of answers whose window is over. */
  async purgeReplays(unit: Unit, now: EpochSeconds): Promise<PurgeStep> {
    return this.answers.step(unit, now);
  }
}

const purpose = 'gatehouse refresh answer';

/** Undefined for another request than the one that spent the token. */
function opened(key: Buffer, place: string, sealed: string): string | undefined {
  try {
    return openWith(key, place, sealed).toString('utf8');
  } catch (error) {
    if (error instanceof UnsealError) return undefined;
    throw error;
  }
}

/** From the verifier, which we do not store: a copy of the database opens nothing. */
function answerKey(token: RefreshToken): Buffer {
  return expandKey(token.verifier, purpose);
}

function placeOf(token: RefreshToken, request: string): string {
  return `refresh_tokens.answer:${token.selector}:${request}`;
}
