import { Module } from '@nestjs/common';
import { ProvidersModule } from '../providers/providers.module.js';
import { SessionModule } from '../session/session.module.js';
import { LoginFlows } from './login-flows.service.js';
import { LoginController } from './login.controller.js';
import { LoginService } from './login.service.js';
import { SealedStates } from './sealed-states.js';

/**
 * Owns: logins that were begun, and the redirection endpoint.
 * Endpoints: GET /login, GET and POST /login/:provider, GET /authorized.
 * Invariant: a login begins by a form of ours alone; an answer is used once, in the browser where its login began; every check is openid-client's.
 * Must not know: what is done with the tokens afterwards.
 */
@Module({
  imports: [ProvidersModule, SessionModule],
  controllers: [LoginController],
  providers: [LoginFlows, LoginService, SealedStates],
  exports: [LoginFlows],
})
export class LoginModule {}
