import { Module } from '@nestjs/common';
import { ReplayModule } from '../../replay/replay.module.js';
import { DpopNonces } from './dpop-nonces.service.js';
import { DpopProofs } from './dpop-proofs.service.js';

/**
 * Owns: DPoP proofs, which show that a client holds a key (RFC 9449), and their nonces.
 * Invariant: a proof is valid for one request: one statement consumes its `jti`, across all processes, in the unit of work of
 * the request; a rejected request stores nothing.
 * Must not know: what is bound to the key.
 */
@Module({ imports: [ReplayModule], providers: [DpopNonces, DpopProofs], exports: [DpopProofs] })
export class DpopModule {}
