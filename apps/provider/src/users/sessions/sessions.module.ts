import { Module } from '@nestjs/common';
import { BrowserStates } from './browser-states.service.js';
import { SessionsService } from './sessions.service.js';

/**
 * Owns: the browser's login (cookie, auth_time, amr, sid), and the browser state that changes with it.
 * Invariant: a cookie's value is new at every login, and an ended session takes with it whatever follows it, in one unit.
 * Must not know: users, clients, grants; they follow it.
 */
@Module({ providers: [SessionsService, BrowserStates], exports: [SessionsService, BrowserStates] })
export class SessionsModule {}
