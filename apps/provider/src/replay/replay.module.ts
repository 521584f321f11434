import { Module } from '@nestjs/common';
import { IdempotentResponses } from './idempotent-responses.service.js';
import { ReplayCache } from './replay-cache.service.js';

/**
 * Owns: ids that may be used once (`jti` of client assertions, request objects, DPoP proofs), until the credential expires;
 * responses to creations with an idempotency key.
 * Invariant: one statement decides which request was first, across all processes.
 * Must not know: what the ids belong to.
 */
@Module({ providers: [ReplayCache, IdempotentResponses], exports: [ReplayCache, IdempotentResponses] })
export class ReplayModule {}
