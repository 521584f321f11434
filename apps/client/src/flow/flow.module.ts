import { Module } from '@nestjs/common';
import { SessionModule } from '../session/session.module.js';
import { MessagesController } from './messages.controller.js';

/**
 * Owns: the recorded messages of a login, as a learner may see them.
 * Endpoint: GET /messages.
 * Invariant: what is recorded is masked before it is kept; nothing in it can be used to log in.
 */
@Module({ imports: [SessionModule], controllers: [MessagesController] })
export class FlowModule {}
