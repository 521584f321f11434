import { Module } from '@nestjs/common';
import { ProvidersModule } from '../providers/providers.module.js';
import { SessionModule } from '../session/session.module.js';
import { LoginFlows } from './login-flows.service.js';
import { LoginController } from './login.controller.js';
import { LoginService } from './login.service.js';
import { SealedStates } from './sealed-states.js';

/**
 * Owns: logins in progress, and the redirection endpoint.
 * Endpoints: GET /login, GET and POST /login/:provider, GET /authorized.
 * Invariant: only a form of this client starts a login; a response is accepted once, in the browser that started the login;
 *   openid-client validates it.
 * Must not depend on: what the tokens are used for.
 */
@Module({
  imports: [ProvidersModule, SessionModule],
  controllers: [LoginController],
  providers: [LoginFlows, LoginService, SealedStates],
  exports: [LoginFlows],
})
export class LoginModule {}
