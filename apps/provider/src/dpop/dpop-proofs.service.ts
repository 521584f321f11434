import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { checkDpopProof, OAuthError } from '@gatehouse/domain/oauth';
import { Store } from '@gatehouse/server/database/store';
import { header, pathOf, type WebRequest } from '@gatehouse/server/web/request';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { offerNonce } from '../http/dpop-nonce.js';
import { ReplayService } from '../replay/replay.service.js';
import { DpopNonces } from './dpop-nonces.service.js';

/** Judges DPoP proofs, for every endpoint that takes them. */
@Injectable()
export class DpopProofs {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Store) private readonly store: Store,
    @Inject(ReplayService) private readonly replay: ReplayService,
    @Inject(DpopNonces) private readonly nonces: DpopNonces,
  ) {}

  /**
   * The thumbprint of the key that the sender of this request holds; undefined where no proof came.
   * @param accessToken the token that comes with it, at endpoints that tokens open
   * @throws OAuthError invalid_dpop_proof, use_dpop_nonce
   * @see RFC 9449 4.3, 8, 11.1
   */
  async check(request: WebRequest, now: EpochSeconds, accessToken?: string): Promise<string | undefined> {
    const text = header(request, 'dpop');
    if (text === undefined) return undefined;
    if (this.settings.dpopNonce) offerNonce(request, this.nonces.current(now));
    const proof = checkDpopProof(text, {
      method: request.method ?? '',
      uri: this.settings.issuer + pathOf(request),
      accessToken,
      now,
    });
    // One that came unasked must be good too: it may be another server's, or of a time when this one asked.
    if (proof.nonce === undefined ? this.settings.dpopNonce : !this.nonces.isFresh(proof.nonce, now)) {
      offerNonce(request, this.nonces.current(now));
      throw new OAuthError('use_dpop_nonce', 'The DPoP proof must hold the nonce of the DPoP-Nonce header.', {
        reason: 'dpop.nonce',
      });
    }
    const first = await this.store.run((unit) =>
      this.replay.spend(unit, `dpop proof of ${proof.jkt}`, proof.jti, proof.expiresAt, now),
    );
    if (!first)
      throw new OAuthError('invalid_dpop_proof', 'The DPoP proof was used before.', { reason: 'dpop.replayed' });
    return proof.jkt;
  }
}
