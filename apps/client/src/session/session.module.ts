import { Module } from '@nestjs/common';
import { LogoutStates } from './logout-states.service.js';
import { SessionsService } from './sessions.service.js';
import { RequestContexts } from './request-contexts.service.js';

/**
 * Owns: the browser's session at this client (cookie and sealed row), and the `state` of logouts at a provider.
 * Invariant: a cookie contains only an id; a row cannot be read without the session secret.
 * Must not depend on: how users log in, or what the tokens are used for.
 */
@Module({
  providers: [SessionsService, LogoutStates, RequestContexts],
  exports: [SessionsService, LogoutStates, RequestContexts],
})
export class SessionModule {}
