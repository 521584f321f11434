import { AuthorizationCodeEntity } from './protocol/authorization/authorization-code.entity.js';
import { DeviceAuthorizationEntity } from './protocol/authorization/device-authorization.entity.js';
import { InteractionEntity } from './protocol/authorization/interaction.entity.js';
import { PushedRequestEntity } from './protocol/authorization/pushed-request.entity.js';
import { AuditEventEntity } from './audit/audit-event.entity.js';
import { AuditSealEntity } from './audit/audit-seal.entity.js';
import { ClientEntity, ClientSecretEntity } from './clients/client.entity.js';
import { ClientOriginEntity } from './clients/client-origin.entity.js';
import { InitialAccessTokenEntity, RegistrationRateEntity } from './clients/registration/registration.entities.js';
import { PasskeyEntity } from './users/factors/passkey.entity.js';
import { RecoveryCodeEntity } from './users/factors/recovery-code.entity.js';
import { TotpFactorEntity } from './users/factors/totp.entity.js';
import { TrustedBrowserEntity } from './users/factors/trusted-browser.entity.js';
import { AccessTokenEntity, RefreshReplayEntity, RefreshTokenEntity } from './tokens/access-token.entity.js';
import { ConsentEntity } from './consents/consent.entity.js';
import { GrantEntity, SessionClientEntity } from './grants/grant.entity.js';
import { SigningKeyEntity } from './keys/signing-key.entity.js';
import { ReplayCacheEntity } from './replay/replay-cache.entity.js';
import { OutboxMessageEntity } from './outbox/outbox-message.entity.js';
import { ResourceEntity } from './resources/resource.entity.js';
import { ServerSecretEntity } from './clients/server-secret.entity.js';
import { SessionEntity } from './users/sessions/session.entity.js';
import { KnownAddressEntity, LoginFailureEntity } from './users/throttling/login-failure.entity.js';
import { OneTimeLinkEntity } from './users/credentials/one-time-link.entity.js';
import { RoleRequirementEntity } from './users/role-requirement.entity.js';
import { UserEntity, UserRoleEntity } from './users/user.entity.js';
import { CacheVersionEntity, CounterEntity, LeaseEntity } from './database/cache-version.entity.js';
import { ApplicationRoleEntity } from './clients/application-role.entity.js';
import { TrustedIssuerEntity } from './trusted-issuers/trusted-issuer.entity.js';
import {
  ActivityHourEntity,
  RejectedFormEntity,
  FailedRequestCountEntity,
  FailedRequestEntity,
} from './audit/activity.entity.js';
import { IdempotentResponseEntity } from './replay/idempotent-response.entity.js';
import { InvitationEntity } from './users/invitations/invitation.entity.js';
import { Baseline1795900000000 } from './database/migrations/20261128-baseline.js';
import { IssuerResources1795950000401 } from './database/migrations/20261129-issuer-resources.js';
import { ConsentPerResource1795950000201 } from './database/migrations/20261129-consent-per-resource.js';
import { ApprovingTokens1795950000601 } from './database/migrations/20261129-approving-tokens.js';
import { KeptForms1795950000702 } from './database/migrations/20261129-kept-forms.js';
import { ConfirmedEmail1795950000720 } from './database/migrations/20261129-confirmed-email.js';
import { SignInLinks1795950000740 } from './database/migrations/20261129-sign-in-links.js';
import { FormRefusals1795950000742 } from './database/migrations/20261129-form-refusals.js';
import { RecordedIssuer1795950000741 } from './database/migrations/20261129-recorded-issuer.js';
import { RecordedIssuerEntity } from './database/recorded-issuer.entity.js';
import { LogoutFailures1795950000710 } from './database/migrations/20261129-logout-failures.js';
import { LogoutFailureEntity } from './clients/logout-failure.entity.js';
import { OfferedRequests1795950000730 } from './database/migrations/20261129-offered-requests.js';
import { StoredSettingEntity } from './settings/stored-setting.entity.js';
import { SavedFormEntity } from './users/sessions/saved-form.entity.js';
import { UserSearch1795950000721, UserSearchRows1795950000722 } from './database/migrations/20261129-user-search.js';
import { OutboxKinds1795950000301 } from './database/migrations/20261129-outbox-kinds.js';
import { CredentialsVersion1795960000902 } from './database/migrations/20261130-credentials-version.js';
import { Makers1795960000903 } from './database/migrations/20261130-makers.js';
import { MadeViaClient1795960000910 } from './database/migrations/20261130-made-via-client.js';
import {
  GrantsOfIssuers1795960000911,
  GrantsOfIssuersIndex1795960000912,
} from './database/migrations/20261130-grants-of-issuers.js';
import { AccessEnded1795960000913 } from './database/migrations/20261130-access-ended.js';
import { CreatorIndexes1795960000914 } from './database/migrations/20261130-creator-indexes.js';
import { AuthenticatedRefusals1795960000920 } from './database/migrations/20261130-authenticated-refusals.js';
import { StoredSettings1795960000930 } from './database/migrations/20261130-stored-settings.js';
import { RefusalsOfAdministrators1795960000940 } from './database/migrations/20261130-refusals-of-administrators.js';
import { ServiceAccounts1795950000701 } from './database/migrations/20261129-service-accounts.js';

/** Every entity of the provider: the one list that the store is opened with. */
export const entities = [
  AccessTokenEntity,
  ActivityHourEntity,
  ApplicationRoleEntity,
  AuditEventEntity,
  AuditSealEntity,
  AuthorizationCodeEntity,
  CacheVersionEntity,
  ClientEntity,
  ClientOriginEntity,
  ClientSecretEntity,
  ConsentEntity,
  CounterEntity,
  DeviceAuthorizationEntity,
  RejectedFormEntity,
  GrantEntity,
  IdempotentResponseEntity,
  InitialAccessTokenEntity,
  SavedFormEntity,
  LogoutFailureEntity,
  InteractionEntity,
  KnownAddressEntity,
  LeaseEntity,
  LoginFailureEntity,
  OneTimeLinkEntity,
  InvitationEntity,
  OutboxMessageEntity,
  RefreshReplayEntity,
  RefreshTokenEntity,
  FailedRequestCountEntity,
  FailedRequestEntity,
  RegistrationRateEntity,
  ResourceEntity,
  ServerSecretEntity,
  SessionClientEntity,
  SessionEntity,
  SigningKeyEntity,
  StoredSettingEntity,
  ReplayCacheEntity,
  PasskeyEntity,
  PushedRequestEntity,
  RecordedIssuerEntity,
  RecoveryCodeEntity,
  RoleRequirementEntity,
  TotpFactorEntity,
  TrustedBrowserEntity,
  TrustedIssuerEntity,
  UserEntity,
  UserRoleEntity,
];

/** Every table, those that others refer to first: the order of a copy. */
export const tablesInOrder = [
  'counters',
  'leases',
  'cache_versions',
  'recorded_issuers',
  'audit_events',
  'audit_seals',
  'users',
  'user_roles',
  'one_time_links',
  'kept_forms',
  'invitations',
  'login_failures',
  'known_addresses',
  'totp_factors',
  'recovery_codes',
  'passkeys',
  'trusted_browsers',
  'role_requirements',
  'stored_settings',
  'signing_keys',
  'server_secrets',
  'spent_ids',
  'sessions',
  'clients',
  'client_secrets',
  'client_origins',
  'application_roles',
  'initial_access_tokens',
  'registration_rates',
  'resources',
  'trusted_issuers',
  'consents',
  'grants',
  'authorization_codes',
  'device_authorizations',
  'access_tokens',
  'refresh_tokens',
  'refresh_answers',
  'kept_requests',
  'pushed_requests',
  'outbox_messages',
  'idempotent_answers',
  'activity_hours',
  'refusals',
  'refusal_counts',
  'form_refusals',
  'session_clients',
  'logout_failures',
] as const;

/** What triggers derive from other tables: it has no entity, and a copy leaves it to the triggers of the target. */
export const derivedTables = /^user_search(_trigrams(_(config|data|docsize|idx))?)?$/;

/**
 * Every migration, the oldest first: the schema of the previous release, then what was added since. A new one is numbered by
 * the milliseconds of its date, like `Topic1795950000101` for 2026-11-29, and comes last.
 */
export const migrations = [
  Baseline1795900000000,
  ConsentPerResource1795950000201,
  OutboxKinds1795950000301,
  IssuerResources1795950000401,
  ApprovingTokens1795950000601,
  ServiceAccounts1795950000701,
  KeptForms1795950000702,
  LogoutFailures1795950000710,
  ConfirmedEmail1795950000720,
  UserSearch1795950000721,
  UserSearchRows1795950000722,
  OfferedRequests1795950000730,
  SignInLinks1795950000740,
  RecordedIssuer1795950000741,
  FormRefusals1795950000742,
  CredentialsVersion1795960000902,
  Makers1795960000903,
  MadeViaClient1795960000910,
  GrantsOfIssuers1795960000911,
  GrantsOfIssuersIndex1795960000912,
  AccessEnded1795960000913,
  CreatorIndexes1795960000914,
  AuthenticatedRefusals1795960000920,
  StoredSettings1795960000930,
  RefusalsOfAdministrators1795960000940,
];
