import { Module } from '@nestjs/common';
import { AuthorizationModule } from '../authorization/authorization.module.js';
import { ClientsModule } from '../../clients/clients.module.js';
import { TokensModule } from '../../tokens/tokens.module.js';
import { GrantsModule } from '../../grants/grants.module.js';
import { OutboxModule } from '../../outbox/outbox.module.js';
import { SessionsModule } from '../../users/sessions/sessions.module.js';
import { UsersModule } from '../../users/users.module.js';
import { BackchannelLogout } from './backchannel-logout.service.js';
import { CheckSessionController } from './check-session.controller.js';
import { EndSessionController } from './end-session.controller.js';
import { LogoutAudience } from './logout-audience.service.js';
import { Logouts } from './logouts.service.js';
import { LogoutController } from './logout.controller.js';

/**
 * Owns: logout, by a person and by a client. Pages: /logout, /oauth/logout, /oauth/check-session.
 * Invariant: a session ends by a form of ours, by an ID token of this very session in its browser, or by a recent ID token that
 * the server of an approved client sends without a browser. Every client of a session is notified of its end, in the unit that
 * ends it (of unapproved clients a limited number); mere expiry notifies nobody. A browser is redirected to a client without a
 * question only when the session was the ID token's.
 */
@Module({
  imports: [AuthorizationModule, TokensModule, ClientsModule, GrantsModule, OutboxModule, SessionsModule, UsersModule],
  controllers: [LogoutController, EndSessionController, CheckSessionController],
  providers: [Logouts, LogoutAudience, BackchannelLogout],
})
export class LogoutModule {}
