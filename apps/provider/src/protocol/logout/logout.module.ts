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
 * Owns: logout by the user and by a client. Pages: /logout, /oauth/logout, /oauth/check-session.
 * Invariant: a session is ended by a form of this server, by an ID token of the same session in its browser, or by a recent
 * ID token that the server of an approved client sends without a browser. Every client of a session is notified of its end, in
 * the unit of work that ends it (of unapproved clients a limited number); expiry alone notifies no client. A browser is
 * redirected to a client without confirmation only if the ID token is of the same session.
 */
@Module({
  imports: [AuthorizationModule, TokensModule, ClientsModule, GrantsModule, OutboxModule, SessionsModule, UsersModule],
  controllers: [LogoutController, EndSessionController, CheckSessionController],
  providers: [Logouts, LogoutAudience, BackchannelLogout],
})
export class LogoutModule {}
