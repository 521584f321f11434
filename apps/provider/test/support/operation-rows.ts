import type { Type } from '@nestjs/common';
import { epochSeconds, type Selector } from '@gatehouse/domain/kernel';
import { ChangeOwnPassword } from '../../src/account/operations/change-own-password';
import { EndOtherSessions } from '../../src/account/operations/end-other-sessions';
import { RecordAuditExport } from '../../src/audit/operations/record-audit-export';
import { CreateClient } from '../../src/clients/operations/create-client';
import { CreateInitialAccessToken } from '../../src/clients/registration/operations/create-initial-access-token';
import { CreateResourceWithCredentials } from '../../src/clients/operations/create-resource-with-credentials';
import { CreateResourceCredentials } from '../../src/clients/operations/create-resource-credentials';
import { DeleteClient } from '../../src/clients/operations/delete-client';
import { DeleteInitialAccessToken } from '../../src/clients/registration/operations/delete-initial-access-token';
import { RegisterClient } from '../../src/clients/registration/operations/register-client';
import { RotateClientSecret } from '../../src/clients/operations/rotate-client-secret';
import { SetApplicationRoles } from '../../src/clients/operations/set-application-roles';
import { SetClientState } from '../../src/clients/operations/set-client-state';
import { SetClientStates } from '../../src/clients/operations/set-client-states';
import { UpdateClient } from '../../src/clients/operations/update-client';
import { UpdateRegistration } from '../../src/clients/registration/operations/update-registration';
import { AcceptIssuer } from '../../src/database/operations/accept-issuer';
import { AddAuthenticatorApp } from '../../src/users/factors/operations/add-authenticator-app';
import { AddPasskey } from '../../src/users/factors/operations/add-passkey';
import { EndTrustedBrowser } from '../../src/users/factors/operations/end-trusted-browser';
import { MakeRecoveryCodes } from '../../src/users/factors/operations/make-recovery-codes';
import { RemoveSecondFactor } from '../../src/users/factors/operations/remove-second-factor';
import { RenamePasskey } from '../../src/users/factors/operations/rename-passkey';
import { ResetSecondFactors } from '../../src/users/factors/operations/reset-second-factors';
import { RevokeAllGrants } from '../../src/grants/operations/revoke-all-grants';
import { RevokeGrants } from '../../src/grants/operations/revoke-grants';
import { WithdrawConsent } from '../../src/consents/operations/withdraw-consent';
import { RevokeAllTokens } from '../../src/tokens/operations/revoke-all-tokens';
import { RevokeTokens } from '../../src/tokens/operations/revoke-tokens';
import { CreateIssuer } from '../../src/trusted-issuers/operations/create-issuer';
import { DeleteIssuer } from '../../src/trusted-issuers/operations/delete-issuer';
import { UpdateIssuer } from '../../src/trusted-issuers/operations/update-issuer';
import { RotateKeys } from '../../src/keys/operations/rotate-keys';
import { RetryMessages } from '../../src/outbox/operations/retry-messages';
import { CreateResource } from '../../src/resources/operations/create-resource';
import { DeleteResource } from '../../src/resources/operations/delete-resource';
import { UpdateResource } from '../../src/resources/operations/update-resource';
import { ConfirmEmail } from '../../src/users/operations/confirm-email';
import { CreateUser } from '../../src/users/operations/create-user';
import { DeleteUser } from '../../src/users/operations/delete-user';
import { EndSessions } from '../../src/users/sessions/operations/end-sessions';
import { EndUserSessions } from '../../src/users/sessions/operations/end-user-sessions';
import { InvitePeople } from '../../src/users/invitations/operations/invite-people';
import { MakePasswordLink } from '../../src/users/credentials/operations/make-password-link';
import { RequestEmailChange } from '../../src/users/operations/request-email-change';
import { RequestPasswordReset } from '../../src/users/credentials/operations/request-password-reset';
import { SetPassword } from '../../src/users/credentials/operations/set-password';
import { SetPasswordByLink } from '../../src/users/credentials/operations/set-password-by-link';
import { SetRoleRequirements } from '../../src/users/operations/set-role-requirements';
import { SetUserState } from '../../src/users/operations/set-user-state';
import { SetUserStates } from '../../src/users/operations/set-user-states';
import { SignUp } from '../../src/users/operations/sign-up';
import { UpdateOwnProfile } from '../../src/users/operations/update-own-profile';
import { UpdateUser } from '../../src/users/operations/update-user';
import { WithdrawInvitation } from '../../src/users/invitations/operations/withdraw-invitation';
import { SendTestMail } from '../../src/settings/administration/operations/send-test-mail';
import { UpdateSettings } from '../../src/settings/administration/operations/update-settings';
import type { OperationErrorCode } from '../../src/operations/operation-error';
import type { Operation } from '../../src/operations/operation';

type AnyOperation = Type<Operation<unknown, unknown, unknown>>;

/** Who may ask for an operation. */
export const actorKinds = [
  'visitor',
  'user',
  'auditor',
  'administrator',
  'stale administrator',
  'client',
  'command line',
  'registrant',
  'registration token',
] as const;
export type ActorKind = (typeof actorKinds)[number];
export type PersonKind = 'user' | 'auditor' | 'administrator' | 'stale administrator';

export type Rule = Readonly<Partial<Record<ActorKind, OperationErrorCode>>>;

const noAdministrator: Rule = {
  visitor: 'forbidden',
  user: 'forbidden',
  auditor: 'read_only',
  registrant: 'forbidden',
  'registration token': 'forbidden',
};
const nobodysAccount: Rule = {
  visitor: 'not_found',
  client: 'not_found',
  'command line': 'not_found',
  registrant: 'not_found',
  'registration token': 'not_found',
};

function onlyFor(...kinds: readonly ActorKind[]): Rule {
  return Object.fromEntries(actorKinds.filter((kind) => !kinds.includes(kind)).map((kind) => [kind, 'forbidden']));
}

const { registrant: _may, ...noAdministratorOrRegistrant } = noAdministrator;

/** Who is rejected, and how. All others are allowed. */
export const rules = {
  administrators: noAdministrator,
  'administrators after a recent sign-in': { ...noAdministrator, 'stale administrator': 'recent_sign_in' },
  'administrators after a recent sign-in, and registrants': {
    ...noAdministratorOrRegistrant,
    'stale administrator': 'recent_sign_in',
  },
  readers: {
    visitor: 'forbidden',
    user: 'forbidden',
    registrant: 'forbidden',
    'registration token': 'forbidden',
  },
  owner: nobodysAccount,
  'owner after a recent sign-in': { ...nobodysAccount, 'stale administrator': 'recent_sign_in' },
  visitors: onlyFor('visitor'),
  'command line': onlyFor('command line'),
  registrants: onlyFor('registrant'),
  'holder of the registration access token': onlyFor('registration token'),
} as const satisfies Readonly<Record<string, Rule>>;
export type RuleName = keyof typeof rules;

/** Records that the inputs name. */
export interface Targets {
  readonly user: string;
  /** With a confirmed address. */
  readonly administrator: string;
  readonly session: string;
  readonly client: string;
  /** A client that registered itself. */
  readonly registered: string;
  readonly resource: string;
  readonly issuer: string;
  readonly registrationToken: string;
  readonly invitation: number;
  readonly grant: Selector;
  readonly token: Selector;
}

export interface OperationRow {
  readonly type: AnyOperation;
  readonly rule: RuleName;
  readonly input: (targets: Targets) => unknown;
  /** What comes of it for those who may. */
  readonly outcome: 'done' | OperationErrorCode;
}

type InputOf<Asked extends Operation<unknown, unknown, unknown>> = Parameters<Asked['prepare']>[1];

function row<Asked extends Operation<unknown, unknown, unknown>>(
  type: Type<Asked>,
  rule: RuleName,
  input: (targets: Targets) => InputOf<Asked>,
  outcome: OperationRow['outcome'] = 'done',
): OperationRow {
  return { type, rule, input, outcome };
}

const afterSignIn = 'administrators after a recent sign-in';
const ownAfterSignIn = 'owner after a recent sign-in';
const password = 'correct horse battery staple';
const newPassword = 'a long enough passphrase of words';
const newClient = { name: 'Made', redirectUris: ['https://made.example/cb'] };
const issuerDraft = {
  issuer: 'https://made.example',
  name: 'Made',
  jwksUri: 'https://keys.example/',
  subject: 'username',
  clients: [],
  scope: ['read'],
};
const resourceDraft = { identifier: 'urn:made', name: 'Made', scopes: [] };
// Neither is looked at before the offer and the attestation are found to be wrong.
const session = {
  id: '',
  userId: '',
  full: true,
  authTime: epochSeconds(0),
  amr: [],
  acr: undefined,
  createdAt: epochSeconds(0),
  lastSeenAt: epochSeconds(0),
  expiresAt: epochSeconds(0),
  userAgent: undefined,
  address: undefined,
};

/** Each operation, with an input that is right but for who sends it, where it can be without a ceremony or a link. */
export const operationRows: readonly OperationRow[] = [
  row(AcceptIssuer, 'command line', () => ({})),
  row(AddAuthenticatorApp, ownAfterSignIn, () => ({ session, offer: 'x', otp: '000000' }), 'invalid'),
  row(AddPasskey, ownAfterSignIn, () => ({ session, browserId: 'x', attestation: '{}', name: '' }), 'invalid'),
  row(ChangeOwnPassword, ownAfterSignIn, () => ({ currentPassword: password, newPassword, keepSessionId: 'none' })),
  row(ConfirmEmail, 'visitors', () => ({ token: 'none' }), 'link_spent'),
  row(CreateClient, 'administrators after a recent sign-in, and registrants', () => ({ properties: newClient })),
  row(CreateIssuer, afterSignIn, ({ client }) => ({ ...issuerDraft, clients: [client] })),
  row(CreateInitialAccessToken, afterSignIn, () => ({ name: 'Made' })),
  row(CreateResource, afterSignIn, () => resourceDraft),
  row(CreateResourceCredentials, afterSignIn, ({ resource }) => ({ resourceId: resource })),
  row(CreateResourceWithCredentials, afterSignIn, () => ({ ...resourceDraft, identifier: 'https://both.example/' })),
  row(CreateUser, afterSignIn, () => ({ draft: { username: 'made' } })),
  row(DeleteClient, afterSignIn, ({ client }) => ({ id: client })),
  row(DeleteIssuer, afterSignIn, ({ issuer }) => ({ id: issuer })),
  row(DeleteInitialAccessToken, afterSignIn, ({ registrationToken }) => ({ id: registrationToken })),
  row(DeleteResource, afterSignIn, ({ resource }) => ({ id: resource })),
  row(DeleteUser, afterSignIn, ({ user }) => ({ id: user })),
  row(EndOtherSessions, 'owner', () => ({ keepSessionId: 'none', offline: true, trustedBrowsers: true })),
  row(EndSessions, 'administrators', (targets) => ({ ids: [targets.session] })),
  row(EndTrustedBrowser, 'owner', () => ({ selector: 1 })),
  row(EndUserSessions, 'administrators', ({ user }) => ({ userId: user })),
  row(InvitePeople, afterSignIn, () => ({ emails: ['new@people.test'], roles: ['user'] })),
  row(MakePasswordLink, afterSignIn, ({ user }) => ({ id: user })),
  // They stand in for a second factor.
  row(MakeRecoveryCodes, ownAfterSignIn, () => ({}), 'conflict'),
  row(RecordAuditExport, 'readers', () => ({ by: 'page', filter: {} }) as const),
  row(RegisterClient, 'registrants', () => ({ properties: newClient })),
  row(RemoveSecondFactor, ownAfterSignIn, () => ({ factor: 'totp', password })),
  row(RenamePasskey, 'owner', () => ({ id: 'x', name: 'x' })),
  row(RequestEmailChange, ownAfterSignIn, () => ({ email: 'new@people.test' })),
  row(RequestPasswordReset, 'visitors', () => ({ email: 'new@people.test', addressKey: '127.0.0.1' })),
  row(ResetSecondFactors, afterSignIn, ({ user }) => ({ userId: user })),
  row(RetryMessages, 'administrators', () => ({ selectors: [1] })),
  row(RevokeAllGrants, 'administrators', ({ user }) => ({ userId: user })),
  row(RevokeAllTokens, 'administrators', ({ user }) => ({ userId: user })),
  row(RevokeGrants, 'administrators', ({ grant }) => ({ selectors: [grant] })),
  row(RevokeTokens, 'administrators', ({ token }) => ({ selectors: [token] })),
  row(RotateClientSecret, afterSignIn, ({ client }) => ({ id: client, overlapSeconds: 0 })),
  row(RotateKeys, afterSignIn, () => ({ atOnce: false, kinds: ['ES256'] }) as const),
  row(SendTestMail, 'administrators', ({ administrator }) => ({ userId: administrator })),
  row(SetApplicationRoles, afterSignIn, ({ client, user }) => ({ clientId: client, userId: user, roles: [] })),
  row(SetClientState, afterSignIn, ({ client }) => ({ id: client, decision: 'enable' }) as const),
  row(
    SetClientStates,
    afterSignIn,
    ({ client }) => ({ decision: 'enable', clients: [{ id: client, revision: 'x' }] }) as const,
  ),
  row(SetPassword, afterSignIn, ({ user }) => ({ id: user, password: newPassword })),
  row(SetPasswordByLink, 'visitors', () => ({ token: 'none', password: newPassword }), 'link_spent'),
  row(SetRoleRequirements, afterSignIn, () => ({ user: true })),
  row(SetUserState, afterSignIn, ({ user }) => ({ id: user, disabled: true })),
  row(SetUserStates, afterSignIn, ({ user }) => ({ ids: [user], disabled: true })),
  row(SignUp, 'visitors', () => ({
    username: 'made',
    name: undefined,
    email: undefined,
    password: newPassword,
    invitation: undefined,
  })),
  row(UpdateClient, afterSignIn, ({ client }) => ({ id: client, properties: { name: 'Other' } })),
  row(UpdateIssuer, afterSignIn, ({ issuer, client }) => ({
    id: issuer,
    draft: { ...issuerDraft, name: 'Other', clients: [client] },
  })),
  row(UpdateOwnProfile, 'owner', () => ({ name: 'Other', profile: {} })),
  row(UpdateRegistration, 'holder of the registration access token', ({ registered }) => ({
    id: registered,
    properties: { ...newClient, name: 'Other' },
  })),
  row(UpdateResource, afterSignIn, ({ resource }) => ({ id: resource, draft: { ...resourceDraft, name: 'Other' } })),
  row(UpdateSettings, afterSignIn, () => ({ changes: { sign_up: 'off' } })),
  row(UpdateUser, afterSignIn, ({ user }) => ({ id: user, draft: { username: 'other' } })),
  row(WithdrawConsent, 'owner', ({ client }) => ({ clientId: client })),
  row(WithdrawInvitation, 'administrators', ({ invitation }) => ({ selector: invitation })),
];
