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

/** A refresh token as it was issued; the caller checks whether it was consumed or has expired. */
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
  /** The key material of the stored response. Held in memory only. */
  readonly verifier: string;
}

/**
 * Owns refresh tokens: finds them, extends those that do not rotate, exchanges those that do once, and returns the
 * response again to a client that did not receive it.
 */
@Injectable()
export class RefreshTokensService {
  private readonly sweeper = new Sweeper(refreshTokenStatements.purge);
  private readonly replaySweeper = new Sweeper(refreshReplayStatements.purge);

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** Finds a token, consumed and expired ones included; undefined for one that was never issued. */
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
   * Exchanges the token for its successor and stores the response with it. Of concurrent requests, exactly one unit of
   * work succeeds.
   * @param response.request a text that is equal for equal requests: a replay must match it
   */
  consume(
    unit: Unit,
    token: RefreshToken,
    response: { readonly successor: Selector; readonly body: string; readonly request: string },
    now: EpochSeconds,
  ): void {
    unit.expectChange(refreshTokenStatements.consume, token.selector, now, response.successor);
    const window = this.settings.refreshRetryWindowSeconds;
    if (window === 0) return;
    const sealed = sealWith(responseKey(token), associatedDataOf(token, response.request), response.body);
    unit.write(refreshReplayStatements.keep, response.successor, sealed, addSeconds(now, window));
  }

  /**
   * Extends a token that does not rotate to `expiresAt`; written at most once a minute. When it is written, the unit of
   * work fails with ConcurrencyConflict if the token was consumed or purged since.
   */
  extend(unit: Unit, token: RefreshToken, expiresAt: EpochSeconds): void {
    if (extendsRefreshToken(token, expiresAt, this.settings))
      unit.expectChange(refreshTokenStatements.extend, token.selector, expiresAt);
  }

  /** When the token expires: by its last use, or by the maximum lifetime since its grant was created. */
  expiryOf(token: RefreshToken, grantedAt: EpochSeconds): EpochSeconds {
    return currentRefreshTokenExpiry(token, grantedAt, this.settings);
  }

  /**
   * The response that consumed the token, for a repetition of the same request within the window and before its
   * successor was used. Undefined for any other repetition, which is a replay.
   */
  async findReplay(token: RefreshToken, request: string, now: EpochSeconds): Promise<string | undefined> {
    const row = await this.store.one<RefreshTokenRow>(refreshTokenStatements.find, token.selector);
    if (
      !row ||
      row.successor_selector === null ||
      (await this.store.one(refreshTokenStatements.isConsumed, row.successor_selector))
    )
      return undefined;
    const stored = await this.store.one<{ sealed: string }>(refreshReplayStatements.find, row.successor_selector, now);
    if (stored) return openResponse(responseKey(token), associatedDataOf(token, request), stored.sealed);
    // Consumed by a process of the previous version.
    if (row.answer_sealed === null || row.answer_until === null || row.answer_until <= now) return undefined;
    return openResponse(deriveKey(token.verifier, purpose), associatedDataOf(token, request), row.answer_sealed);
  }

  /** Runs one step of the purge. */
  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<PurgeStep> {
    return this.sweeper.step(unit, now);
  }

  /** Runs one step of the purge of responses whose window is over. */
  async purgeReplays(unit: Unit, now: EpochSeconds): Promise<PurgeStep> {
    return this.replaySweeper.step(unit, now);
  }
}

const purpose = 'gatehouse refresh answer';

/** Undefined if the request differs from the one that consumed the token. */
function openResponse(key: Buffer, associatedData: string, sealed: string): string | undefined {
  try {
    return openWith(key, associatedData, sealed).toString('utf8');
  } catch (error) {
    if (error instanceof UnsealError) return undefined;
    throw error;
  }
}

/** Derived from the verifier, which is not stored: a copy of the database cannot decrypt the response. */
function responseKey(token: RefreshToken): Buffer {
  return expandKey(token.verifier, purpose);
}

function associatedDataOf(token: RefreshToken, request: string): string {
  return `refresh_tokens.answer:${token.selector}:${request}`;
}
