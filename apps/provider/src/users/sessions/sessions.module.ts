import { Module } from '@nestjs/common';
import { BrowserStates } from './browser-states.service.js';
import { SessionsService } from './sessions.service.js';

/**
 * Owns: the browser's login (cookie, auth_time, amr, sid), and the browser state that changes with it.
 * Invariant: a cookie's value is new at every login, and what depends on a session ends with it, in one unit of work.
 * Must not know: users, clients, grants; they listen to it.
 */
@Module({ providers: [SessionsService, BrowserStates], exports: [SessionsService, BrowserStates] })
export class SessionsModule {}
