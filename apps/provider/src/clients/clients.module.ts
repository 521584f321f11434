import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ReplayModule } from '../replay/replay.module.js';
import { ResourcesModule } from '../resources/resources.module.js';
import { SessionsModule } from '../users/sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { ClientEntity, ClientSecretEntity } from './client.entity.js';
import { ClientSecrets } from './client-secrets.service.js';
import { ClientFormsController } from './client-forms.controller.js';
import { ClientLogoController } from './client-logo.controller.js';
import { ClientLogos } from './client-logos.service.js';
import { ApplicationRolesController } from './application-roles.controller.js';
import { ApplicationRoles } from './application-roles.service.js';
import { ClientsController } from './clients.controller.js';
import { ResourceCredentialsController } from './resource-credentials.controller.js';
import { ClientOrigins } from './client-origins.service.js';
import { ClientStatesController } from './client-states.controller.js';
import { ClientPages } from './client-pages.service.js';
import { ClientReviews } from './client-reviews.service.js';
import { ClientStates } from './client-states.service.js';
import { ClientKeys } from './keys/client-keys.service.js';
import { RemoteKeySets } from './keys/remote-key-sets.js';
import { ClientDrafts } from './client-drafts.service.js';
import { ClientHandovers } from './client-handovers.service.js';
import { ClientUsage } from './client-usage.js';
import { CreatedViaClients } from './created-via-clients.service.js';
import { OwnedClients } from './owned-clients.service.js';
import { CreateClient } from './operations/create-client.js';
import { RegisterClient } from './registration/operations/register-client.js';
import { UpdateClient } from './operations/update-client.js';
import { UpdateRegistration } from './registration/operations/update-registration.js';
import { CreateInitialAccessToken } from './registration/operations/create-initial-access-token.js';
import { CreateResourceWithCredentials } from './operations/create-resource-with-credentials.js';
import { CreateResourceCredentials } from './operations/create-resource-credentials.js';
import { DeleteClient } from './operations/delete-client.js';
import { RotateClientSecret } from './operations/rotate-client-secret.js';
import { SetApplicationRoles } from './operations/set-application-roles.js';
import { SetClientState } from './operations/set-client-state.js';
import { SetClientStates } from './operations/set-client-states.js';
import { DeleteInitialAccessToken } from './registration/operations/delete-initial-access-token.js';
import { InitialAccessTokens } from './registration/initial-access-tokens.service.js';
import { InitialAccessTokenEntity } from './registration/registration.entities.js';
import { RegistrationLimits } from './registration/registration-limits.service.js';
import { Registrations } from './registration/registrations.service.js';
import { SectorIdentifiers } from './sector-identifiers.service.js';
import { Subjects } from './subjects.service.js';
import { ClientRules } from './client-rules.service.js';
import { CurrentServiceAccounts } from './current-service-accounts.service.js';
import { ClientsService } from './clients.service.js';
import { LogoutFailures } from './logout-failures.service.js';

/**
 * Owns: clients, their secrets and keys, and dynamic registration with its initial access tokens.
 * Pages: /client.
 * Invariant: a secret is shown once and stored as a hash, and encrypted only where it is used as a key; every process sees
 * a change within a second; unapproved clients are labelled, count against a quota, and are deleted when unused.
 * Must not know: grants and tokens; they listen to lifecycle events of clients.
 */
@Module({
  imports: [
    TypeOrmModule.forFeature([ClientEntity, ClientSecretEntity, InitialAccessTokenEntity]),
    UsersModule,
    SessionsModule,
    ResourcesModule,
    ReplayModule,
  ],
  controllers: [
    ClientLogoController,
    ApplicationRolesController,
    ClientsController,
    ClientFormsController,
    ClientStatesController,
    ResourceCredentialsController,
  ],
  providers: [
    ClientPages,
    ClientReviews,
    CreateClient,
    UpdateClient,
    RegisterClient,
    UpdateRegistration,
    ClientDrafts,
    ClientUsage,
    ClientHandovers,
    OwnedClients,
    CreatedViaClients,
    CreateInitialAccessToken,
    DeleteClient,
    RotateClientSecret,
    SetApplicationRoles,
    SetClientState,
    SetClientStates,
    CreateResourceCredentials,
    CreateResourceWithCredentials,
    DeleteInitialAccessToken,
    ApplicationRoles,
    ClientLogos,
    ClientRules,
    ClientsService,
    Subjects,
    ClientSecrets,
    ClientStates,
    ClientOrigins,
    LogoutFailures,
    ClientKeys,
    RemoteKeySets,
    InitialAccessTokens,
    RegistrationLimits,
    Registrations,
    SectorIdentifiers,
    CurrentServiceAccounts,
  ],
  exports: [
    ClientDrafts,
    ClientRules,
    RegisterClient,
    RegistrationLimits,
    CreateClient,
    UpdateClient,
    ClientUsage,
    CreatedViaClients,
    LogoutFailures,
    CreateInitialAccessToken,
    DeleteClient,
    RotateClientSecret,
    SetApplicationRoles,
    SetClientState,
    SetClientStates,
    CreateResourceCredentials,
    CreateResourceWithCredentials,
    DeleteInitialAccessToken,
    ApplicationRoles,
    ClientLogos,
    ClientsService,
    Subjects,
    ClientStates,
    ClientKeys,
    InitialAccessTokens,
    Registrations,
    SectorIdentifiers,
  ],
})
export class ClientsModule {}
