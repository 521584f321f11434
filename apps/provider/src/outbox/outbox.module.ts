import { Module } from '@nestjs/common';
import { OutboxWorker } from './outbox-worker.js';
import { RetryMessages } from './operations/retry-messages.js';
import { Outbox } from './outbox.service.js';

/**
 * Owns: the durable queue of outgoing messages, and the worker that delivers them.
 * Invariant: a message is written in the unit of work of its event, so it is delivered if and only if the event happened,
 * and a process that dies does not lose it. One process at a time delivers it; an unreachable destination delays no other,
 * and no kind of message waits for the deliveries of another.
 * Must not know: the contents and recipients of messages; other modules register their kinds.
 */
@Module({ providers: [RetryMessages, Outbox, OutboxWorker], exports: [Outbox, OutboxWorker] })
export class OutboxModule {}
