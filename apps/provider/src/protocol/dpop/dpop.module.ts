import { Module } from '@nestjs/common';
import { ReplayModule } from '../../replay/replay.module.js';
import { DpopNonces } from './dpop-nonces.service.js';
import { DpopProofs } from './dpop-proofs.service.js';

/**
 * Owns: proofs that a client holds a key (RFC 9449), and the nonces that they may have to hold.
 * Invariant: a proof is good for one request: its `jti` is spent by one statement, in whatever process, and in the unit of
 * what the request achieves: a request that is refused stores nothing.
 * Must not know: what is bound to the key.
 */
@Module({ imports: [ReplayModule], providers: [DpopNonces, DpopProofs], exports: [DpopProofs] })
export class DpopModule {}
