import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { checkDpopProof, OAuthError, type Client, type DpopProof } from '@gatehouse/domain/oauth';
import { ConcurrencyConflict, Store, type Unit } from '@gatehouse/platform/database/store';
import { RateBudget } from '@gatehouse/platform/outbound/budgets';
import { header, pathOf, type WebRequest } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { offerNonce } from '../../web/dpop-nonce-header.js';
import { isReplay, ReplayCache, type SingleUseId } from '../../replay/replay-cache.service.js';
import { DpopNonces } from './dpop-nonces.service.js';

/** Limit of stored proofs of requests that store nothing else. The window is about as long as a `jti` is kept. */
const maxProofsPerHolder = { limit: 2000, seconds: 300 };

/**
 * Verifies DPoP proofs for every endpoint that accepts them, and consumes their `jti`. The two are separate: anyone can
 * create a valid proof, so its `jti` is stored only together with the effect of the request.
 */
@Injectable()
export class DpopProofs {
  private readonly budget = new RateBudget(maxProofsPerHolder);

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Store) private readonly store: Store,
    @Inject(ReplayCache) private readonly replayCache: ReplayCache,
    @Inject(DpopNonces) private readonly nonces: DpopNonces,
  ) {}

  /**
   * Verifies the proof of this request, except that it may have been used before. Stores nothing.
   * @param accessToken the token sent with it, at endpoints that accept tokens
   * @returns undefined when no proof was sent
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
    // A nonce that was not requested must be valid too: it may come from another server, or from before nonces were disabled.
    if (proof.nonce === undefined ? this.settings.dpopNonce : !this.nonces.isFresh(proof.nonce, now)) {
      offerNonce(request, this.nonces.current(now));
      throw new OAuthError('use_dpop_nonce', 'The DPoP proof must contain the nonce of the DPoP-Nonce header.', {
        reason: 'dpop.nonce',
      });
    }
    return proof;
  }

  /**
   * Consumes the proof as part of a unit of work, which is rolled back if the proof has been used before; {@link replayed}
   * recognizes the error. Does nothing without a proof.
   * @see RFC 9449 11.1
   */
  consume(unit: Unit, proof: DpopProof | undefined, now: EpochSeconds): void {
    if (proof) this.replayCache.requireUnused(unit, singleUseOf(proof), now);
  }

  /** The error for a unit of work that {@link consume} rolled back; undefined for every other error. */
  replayed(error: unknown): OAuthError | undefined {
    return error instanceof ConcurrencyConflict && isReplay(error) ? replayedProof() : undefined;
  }

  /**
   * Consumes the proof of a request that writes nothing else, within a rate limit per client and holder.
   * @param sender holder: the user of the token or the key of the proof
   * @throws OAuthError invalid_dpop_proof, temporarily_unavailable
   */
  async consumeAlone(
    proof: DpopProof,
    { client, holder }: { readonly client: Client; readonly holder: string },
    now: EpochSeconds,
  ): Promise<void> {
    // An approved confidential client is accountable for its requests.
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
   * A rejected request does not consume its proof, but a proof that has already been consumed is rejected first, so that an
   * identical request sent twice does not count as the reuse of its code or refresh token.
   * @throws OAuthError invalid_dpop_proof
   */
  async checkUnused(proof: DpopProof | undefined, now: EpochSeconds): Promise<void> {
    if (proof && (await this.replayCache.isUsed(singleUseOf(proof), now))) throw replayedProof();
  }
}

function singleUseOf({ jkt, jti, expiresAt }: DpopProof): SingleUseId {
  return { issuer: `dpop proof of ${jkt}`, jti, expiresAt };
}

function replayedProof(): OAuthError {
  return new OAuthError('invalid_dpop_proof', 'The DPoP proof was used before.', { reason: 'dpop.replayed' });
}
