import { Module } from '@nestjs/common';
import { SessionModule } from '../session/session.module.js';
import { MessagesController } from './messages.controller.js';

/**
 * Owns: the recorded messages of a login, for learning the protocol.
 * Endpoint: GET /messages.
 * Invariant: messages are masked before they are stored; they contain nothing that can be used to log in.
 */
@Module({ imports: [SessionModule], controllers: [MessagesController] })
export class FlowModule {}
