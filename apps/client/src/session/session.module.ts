import { Module } from '@nestjs/common';
import { LogoutStates } from './logout-states.service.js';
import { SessionsService } from './sessions.service.js';
import { RequestContexts } from './request-contexts.service.js';

/**
 * Owns: the browser's login at this client (cookie and sealed row), and the `state` of its end at a provider.
 * Invariant: a cookie holds an id and nothing else; a row cannot be read without the session secret.
 * Must not know: how somebody logs in, or what is done with the tokens.
 */
@Module({
  providers: [SessionsService, LogoutStates, RequestContexts],
  exports: [SessionsService, LogoutStates, RequestContexts],
})
export class SessionModule {}
