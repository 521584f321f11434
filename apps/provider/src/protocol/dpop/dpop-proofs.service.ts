import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { checkDpopProof, OAuthError, type Client, type DpopProof } from '@gatehouse/domain/oauth';
import { ConcurrencyConflict, Store, type Unit } from '@gatehouse/platform/database/store';
import { RateBudget } from '@gatehouse/platform/outbound/budgets';
import { header, pathOf, type WebRequest } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { offerNonce } from '../../web/response-headers.js';
import { isReplay, ReplayCache, type SingleUse } from '../../replay/replay-cache.service.js';
import { DpopNonces } from './dpop-nonces.service.js';

/** Proofs that requests may store which store nothing else. The window is about as long as a `jti` is kept. */
const proofsOfOneHolder = { most: 2000, seconds: 300 };

/**
 * Verifies DPoP proofs for every endpoint that accepts them, and spends their `jti`. The two are separate: anybody can
 * make a valid proof, so its `jti` is stored only together with what the request achieves.
 */
@Injectable()
export class DpopProofs {
  private readonly budget = new RateBudget(proofsOfOneHolder);

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Store) private readonly store: Store,
    @Inject(ReplayCache) private readonly replay: ReplayCache,
    @Inject(DpopNonces) private readonly nonces: DpopNonces,
  ) {}

  /**
   * The proof of this request, valid in everything except that it may have been used before; undefined where none was
   * sent. Nothing is stored.
   * @param accessToken the token that comes with it, at endpoints that accept tokens
   * @throws OAuthError invalid_dpop_proof, use_dpop_nonce
   * @see RFC 9449 4.3, 8
   */
  verify(request: WebRequest, now: EpochSeconds, accessToken?: string): DpopProof | undefined {
    const text = header(request, 'dpop');
    if (text === undefined) return undefined;
    if (this.settings.dpopNonce) offerNonce(request, this.nonces.current(now));
    const proof = checkDpopProof(text, {
      method: request.method ?? '',
      uri: this.settings.issuer + pathOf(request),
      accessToken,
      now,
    });
    // One that was not asked for must be valid too: it may be another server's, or of a time when this one asked.
    if (proof.nonce === undefined ? this.settings.dpopNonce : !this.nonces.isFresh(proof.nonce, now)) {
      offerNonce(request, this.nonces.current(now));
      throw new OAuthError('use_dpop_nonce', 'The DPoP proof must hold the nonce of the DPoP-Nonce header.', {
        reason: 'dpop.nonce',
      });
    }
    return proof;
  }

  /**
   * Spends the proof as part of a unit: the unit is undone, and {@link replayed} recognises it, where the proof was used
   * before. Does nothing without a proof.
   * @see RFC 9449 11.1
   */
  consume(unit: Unit, proof: DpopProof | undefined, now: EpochSeconds): void {
    if (proof) this.replay.requireUnused(unit, useOf(proof), now);
  }

  /** The refusal that a unit ended in because of {@link consume}; undefined for every other error. */
  replayed(error: unknown): OAuthError | undefined {
    return error instanceof ConcurrencyConflict && isReplay(error) ? replay() : undefined;
  }

  /**
   * Spends the proof of a request that writes nothing else, within a rate per client and holder.
   * @param sender holder: the person of the token or the key of the proof
   * @throws OAuthError invalid_dpop_proof, temporarily_unavailable
   */
  async spendAlone(
    proof: DpopProof,
    { client, holder }: { readonly client: Client; readonly holder: string },
    now: EpochSeconds,
  ): Promise<void> {
    // An administrator knows who sends what an approved confidential client authenticates.
    const isTrusted = client.type === 'confidential' && client.approvedAt !== undefined;
    if (!isTrusted && !this.budget.take(JSON.stringify([client.id, holder]), now))
      throw new OAuthError('temporarily_unavailable', 'Too many requests with DPoP proofs. Try again in a minute.', {
        reason: 'dpop.too_many',
        status: 429,
        retryAfterSeconds: 60,
      });
    try {
      await this.store.run((unit) => this.consume(unit, proof, now));
    } catch (error) {
      throw this.replayed(error) ?? error;
    }
  }

  /**
   * Where a request is refused, its proof is not spent; but a proof that was spent already is refused first, so that a
   * request that is sent twice as it was does not count as the reuse of its code or refresh token.
   * @throws OAuthError invalid_dpop_proof
   */
  async checkUnused(proof: DpopProof | undefined, now: EpochSeconds): Promise<void> {
    if (proof && (await this.replay.isUsed(useOf(proof), now))) throw replay();
  }
}

function useOf({ jkt, jti, expiresAt }: DpopProof): SingleUse {
  return { issuer: `dpop proof of ${jkt}`, jti, expiresAt };
}

function replay(): OAuthError {
  return new OAuthError('invalid_dpop_proof', 'The DPoP proof was used before.', { reason: 'dpop.replayed' });
}
