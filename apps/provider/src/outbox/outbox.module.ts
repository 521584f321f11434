import { Module } from '@nestjs/common';
import { OutboxWorker } from './outbox-worker.js';
import { RetryMessages } from './operations/retry-messages.js';
import { Outbox } from './outbox.service.js';

/**
 * Owns: the durable queue of what must reach others, and the worker that delivers it.
 * Invariant: a message is written in the unit of its event, so it is told if and only if that happened, and no death of
 * a process loses it. One process at a time has it; one destination that is down holds up no other,
 * and no kind of message waits for the deliveries of another.
 * Must not know: what is told to whom; modules above register their kinds.
 */
@Module({ providers: [RetryMessages, Outbox, OutboxWorker], exports: [Outbox, OutboxWorker] })
export class OutboxModule {}
