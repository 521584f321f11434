import { Module } from '@nestjs/common';
import { AuthorizationModule } from '../authorization/authorization.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { GrantsModule } from '../grants/grants.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { ConsentController } from './consent.controller.js';
import { HomeController } from './home.controller.js';
import { LoginController } from './login.controller.js';
import { LoginSessions } from './login-sessions.service.js';
import { LoginService } from './login.service.js';
import { PendingLogins } from './pending.service.js';
import { SetPasswordController } from './set-password.controller.js';
import { SignUpController } from './sign-up.controller.js';

/**
 * Owns: the pages that people meet on the way to a client: login, consent, sign-up, setting a password, home.
 * Endpoints: / /home /login /consent /sign-up /password/set
 * Invariant: each page ends in a redirect to the dispatcher (or home) and knows no other page.
 * Must not know: what comes next.
 */
@Module({
  imports: [AuthorizationModule, UsersModule, SessionsModule, ClientsModule, GrantsModule],
  controllers: [LoginController, ConsentController, SignUpController, SetPasswordController, HomeController],
  providers: [PendingLogins, LoginService, LoginSessions],
  exports: [PendingLogins],
})
export class InteractionModule {}
