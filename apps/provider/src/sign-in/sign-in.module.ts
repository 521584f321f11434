import { Module } from '@nestjs/common';
import { ConsentsModule } from '../consents/consents.module.js';
import { AuthorizationModule } from '../protocol/authorization/authorization.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { FactorsModule } from '../users/factors/factors.module.js';
import { GrantsModule } from '../grants/grants.module.js';
import { ResourcesModule } from '../resources/resources.module.js';
import { SessionsModule } from '../users/sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { CancelLoginController } from './cancel-login.controller.js';
import { ConsentRecords } from './consent-records.service.js';
import { ConsentTexts } from './consent-texts.service.js';
import { ConfirmEmailController } from './confirm-email.controller.js';
import { ConsentController } from './consent.controller.js';
import { DeviceController } from './device.controller.js';
import { DismissLoginController } from './dismiss-login.controller.js';
import { ForgotPasswordController } from './forgot-password.controller.js';
import { HomeController } from './home.controller.js';
import { LinkTokens } from './link-tokens.js';
import { LoginController } from './login.controller.js';
import { LoginSessions } from './login-sessions.service.js';
import { LoginPage } from './login-page.js';
import { LoginService } from './login.service.js';
import { SignInInteractions } from './sign-in-interactions.service.js';
import { SecondFactorPage } from './second-factor-page.js';
import { SecondFactorController } from './second-factor.controller.js';
import { SetPasswordController } from './set-password.controller.js';
import { SignUpController } from './sign-up.controller.js';
import { UserCodes } from './user-codes.service.js';

/**
 * Owns: the pages of an interaction: login, second factor, consent, device code, sign-up, password, and the home page.
 * Endpoints: / /home /login /login/factor /login/cancel /login/dismiss /consent /device /sign-up /password/forgot /password/set
 * Invariant: each page ends in a redirect to the dispatcher (or home) and does not know any other page.
 * Must not know: what comes next.
 */
@Module({
  imports: [
    AuthorizationModule,
    UsersModule,
    SessionsModule,
    FactorsModule,
    ClientsModule,
    ConsentsModule,
    GrantsModule,
    ResourcesModule,
  ],
  controllers: [
    ConfirmEmailController,
    LoginController,
    CancelLoginController,
    DismissLoginController,
    SecondFactorController,
    ConsentController,
    SignUpController,
    SetPasswordController,
    ForgotPasswordController,
    HomeController,
    DeviceController,
  ],
  providers: [
    ConsentRecords,
    ConsentTexts,
    UserCodes,
    SignInInteractions,
    LinkTokens,
    LoginPage,
    LoginService,
    LoginSessions,
    SecondFactorPage,
  ],
  exports: [ConsentTexts, SignInInteractions],
})
export class SignInModule {}
