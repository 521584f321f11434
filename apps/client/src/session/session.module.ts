import { Module } from '@nestjs/common';
import { SessionsService } from './sessions.service.js';
import { Visits } from './visits.service.js';

/**
 * Owns: the browser's login at this client (cookie and sealed row).
 * Invariant: a cookie holds an id and nothing else; a row cannot be read without the session secret.
 * Must not know: how somebody logs in, or what is done with the tokens.
 */
@Module({ providers: [SessionsService, Visits], exports: [SessionsService, Visits] })
export class SessionModule {}
