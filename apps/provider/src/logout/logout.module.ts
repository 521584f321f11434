import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { IssuanceModule } from '../issuance/issuance.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { EndSessionController } from './end-session.controller.js';
import { LogoutController } from './logout.controller.js';

/**
 * Owns: logout, by a person and by a client. Pages: /logout, /oauth/logout.
 * Invariant: nobody is logged out without having asked for it: by a form of ours, or by an ID token of this very session.
 */
@Module({
  imports: [IssuanceModule, ClientsModule, SessionsModule, UsersModule],
  controllers: [LogoutController, EndSessionController],
})
export class LogoutModule {}
