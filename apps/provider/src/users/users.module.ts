import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Log } from '@gatehouse/platform/telemetry/log';
import { MailModule } from '../mail/mail.module.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { SessionsModule } from './sessions/sessions.module.js';
import { ReplayModule } from '../replay/replay.module.js';
import { CurrentPasswords } from './credentials/current-passwords.service.js';
import { EmailChanges } from './email-changes.service.js';
import { InvitationsController } from './invitations/invitations.controller.js';
import { Invitations } from './invitations/invitations.service.js';
import { SavedForms } from './sessions/saved-forms.service.js';
import { KnownDevices } from './throttling/known-devices.js';
import { LoginThrottle } from './throttling/login-throttle.service.js';
import { NewPasswords } from './credentials/new-passwords.service.js';
import { OneTimeLinks } from './credentials/one-time-links.service.js';
import { ConfirmEmail } from './operations/confirm-email.js';
import { CreateUser } from './operations/create-user.js';
import { DeleteUser } from './operations/delete-user.js';
import { EndSessions } from './sessions/operations/end-sessions.js';
import { EndUserSessions } from './sessions/operations/end-user-sessions.js';
import { InvitePeople } from './invitations/operations/invite-people.js';
import { MakePasswordLink } from './credentials/operations/make-password-link.js';
import { RequestEmailChange } from './operations/request-email-change.js';
import { RequestPasswordReset } from './credentials/operations/request-password-reset.js';
import { SetPasswordByLink } from './credentials/operations/set-password-by-link.js';
import { SetPassword } from './credentials/operations/set-password.js';
import { SetRoleRequirements } from './operations/set-role-requirements.js';
import { SetUserState } from './operations/set-user-state.js';
import { SetUserStates } from './operations/set-user-states.js';
import { SignUp } from './operations/sign-up.js';
import { UpdateOwnProfile } from './operations/update-own-profile.js';
import { UpdateUser } from './operations/update-user.js';
import { WithdrawInvitation } from './invitations/operations/withdraw-invitation.js';
import { CurrentUsers } from './current-users.service.js';
import { PageOperations } from './page-operations.service.js';
import { PasswordHasher } from './credentials/password-hasher.js';
import { PasswordLinks } from './credentials/password-links.service.js';
import { PasswordRules } from './credentials/password-rules.js';
import { PasswordStrength } from './credentials/password-strength.js';
import { PasswordResets } from './credentials/password-resets.service.js';
import { RecentSignIns } from './sessions/recent-sign-ins.service.js';
import { RolesController } from './roles.controller.js';
import { SecurityNotices } from './security-notices.service.js';
import { SignInsInFlight } from './throttling/sign-ins-in-flight.js';
import { SignUpPasswords } from './credentials/sign-up-passwords.service.js';
import { SignUpRate } from './throttling/sign-up-rate.service.js';
import { SecondFactorLookup } from './second-factor-lookup.js';
import { RoleRequirements } from './role-requirements.service.js';
import { UndeliverableAddressesService } from './undeliverable-addresses.service.js';
import { UserEntity } from './user.entity.js';
import { UserListController } from './user-list.controller.js';
import { UsersController } from './users.controller.js';
import { UserLists } from './user-lists.service.js';
import { UserTextSearch } from './user-text-search.service.js';
import { UsersService } from './users.service.js';
import { RequestContexts } from './sessions/request-contexts.service.js';

/**
 * Owns: accounts, roles, passwords, one-time links, invitations, counts of failed logins. Pages: /user, /user/selected,
 * /user/roles, /user/invite; more pages about one user are in users/factors and admin/users.
 * Invariant: a password hash leaves this module only to be verified; there is always an enabled administrator.
 * Must not know: clients, grants, tokens; they listen to the end of an account.
 */
@Module({
  imports: [TypeOrmModule.forFeature([UserEntity]), SessionsModule, MailModule, OutboxModule, ReplayModule],
  controllers: [RolesController, InvitationsController, UserListController, UsersController],
  providers: [
    CreateUser,
    UpdateUser,
    SetUserState,
    SetUserStates,
    DeleteUser,
    MakePasswordLink,
    SetPassword,
    SetPasswordByLink,
    SignUp,
    RequestEmailChange,
    ConfirmEmail,
    RequestPasswordReset,
    SetRoleRequirements,
    InvitePeople,
    WithdrawInvitation,
    EndSessions,
    UpdateOwnProfile,
    EndUserSessions,
    PageOperations,
    CurrentUsers,
    SecondFactorLookup,
    UserLists,
    UserTextSearch,
    UndeliverableAddressesService,
    UsersService,
    PasswordHasher,
    PasswordLinks,
    NewPasswords,
    CurrentPasswords,
    PasswordRules,
    { provide: PasswordStrength, inject: [Log], useFactory: (log: Log) => new PasswordStrength(log) },
    SecurityNotices,
    EmailChanges,
    LoginThrottle,
    SavedForms,
    KnownDevices,
    OneTimeLinks,
    PasswordResets,
    RecentSignIns,
    Invitations,
    RoleRequirements,
    SignInsInFlight,
    SignUpPasswords,
    SignUpRate,
    RequestContexts,
  ],
  exports: [
    PageOperations,
    SecondFactorLookup,
    EmailChanges,
    SecurityNotices,
    PasswordRules,
    PasswordLinks,
    NewPasswords,
    CurrentPasswords,
    Invitations,
    UserLists,
    UserTextSearch,
    UndeliverableAddressesService,
    UsersService,
    PasswordHasher,
    LoginThrottle,
    SavedForms,
    KnownDevices,
    OneTimeLinks,
    PasswordResets,
    RecentSignIns,
    RoleRequirements,
    SetRoleRequirements,
    SignInsInFlight,
    SignUpRate,
    RequestContexts,
  ],
})
export class UsersModule {}
