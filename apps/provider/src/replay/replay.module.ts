import { Module } from '@nestjs/common';
import { IdempotentAnswers } from './idempotent-answers.service.js';
import { ReplayService } from './replay.service.js';

/**
 * Owns: ids that may be used once (`jti` of client assertions, request objects, proofs), until what carried them expires;
 * answers to creations with an idempotency key.
 * Invariant: one statement decides who was first, in whatever process.
 * Must not know: what the ids belong to.
 */
@Module({ providers: [ReplayService, IdempotentAnswers], exports: [ReplayService, IdempotentAnswers] })
export class ReplayModule {}
