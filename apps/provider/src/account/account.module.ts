import { Module } from '@nestjs/common';
import { ConsentsModule } from '../consents/consents.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { FactorsModule } from '../users/factors/factors.module.js';
import { GrantsModule } from '../grants/grants.module.js';
import { SignInModule } from '../sign-in/sign-in.module.js';
import { TrustedIssuersModule } from '../trusted-issuers/trusted-issuers.module.js';
import { ResourcesModule } from '../resources/resources.module.js';
import { SessionsModule } from '../users/sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccountController } from './account.controller.js';
import { ConnectedApplications } from './connected-applications.service.js';
import { EmailController } from './email.controller.js';
import { SecurityController } from './security.controller.js';
import { OwnDataController } from './own-data.controller.js';
import { OwnData } from './own-data.service.js';
import { ProfileController } from './profile.controller.js';
import { ChangeOwnPassword } from './operations/change-own-password.js';
import { EndOtherSessions } from './operations/end-other-sessions.js';
import { OtherSessions } from './other-sessions.service.js';
import { ResumeFormController } from './resume-form.controller.js';
import { SavedFormRecords } from './saved-form-records.service.js';

/**
 * Owns: the user's account pages: password, sessions, connected applications. Endpoints: /account, /account/email, /account/data, /account/security, /account/delete, /resume
 * Invariant: everything here belongs to the signed-in user; ids of other users are treated as unknown.
 * No module imports this one.
 */
@Module({
  imports: [
    UsersModule,
    SessionsModule,
    FactorsModule,
    ClientsModule,
    ConsentsModule,
    GrantsModule,
    SignInModule,
    ResourcesModule,
    TrustedIssuersModule,
  ],
  controllers: [
    AccountController,
    ProfileController,
    EmailController,
    OwnDataController,
    SecurityController,
    ResumeFormController,
  ],
  providers: [ChangeOwnPassword, EndOtherSessions, OtherSessions, ConnectedApplications, OwnData, SavedFormRecords],
})
export class AccountModule {}
