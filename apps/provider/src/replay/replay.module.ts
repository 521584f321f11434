import { Module } from '@nestjs/common';
import { ReplayService } from './replay.service.js';

/**
 * Owns: ids that may be used once (`jti` of client assertions, request objects, proofs), until what carried them expires.
 * Invariant: one statement decides who was first, in whatever process.
 * Must not know: what the ids belong to.
 */
@Module({ providers: [ReplayService], exports: [ReplayService] })
export class ReplayModule {}
