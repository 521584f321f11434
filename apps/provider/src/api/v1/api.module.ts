import { Module } from '@nestjs/common';
import { ClientsModule } from '../../clients/clients.module.js';
import { GrantsModule } from '../../grants/grants.module.js';
import { KeysModule } from '../../keys/keys.module.js';
import { OutboxModule } from '../../outbox/outbox.module.js';
import { UserinfoModule } from '../../protocol/userinfo/userinfo.module.js';
import { ReplayModule } from '../../replay/replay.module.js';
import { ResourcesModule } from '../../resources/resources.module.js';
import { TokensModule } from '../../tokens/tokens.module.js';
import { TrustedIssuersModule } from '../../trusted-issuers/trusted-issuers.module.js';
import { SettingsModule } from '../../settings/administration/settings.module.js';
import { FactorsModule } from '../../users/factors/factors.module.js';
import { SessionsModule } from '../../users/sessions/sessions.module.js';
import { UsersModule } from '../../users/users.module.js';
import { AccessGuard } from './access.guard.js';
import { apiControllers } from './api-controllers.js';
import { IdempotentCreations } from './idempotent-creations.service.js';
import { ApiDocumentation, ApiRest } from './documentation.controller.js';
import { OpenApi } from './openapi.service.js';

/**
 * Owns: the administration API. Endpoints: /api/admin/v1/*
 * Invariant: a request requires an access token for this API, of a client to which an administrator granted its scopes;
 * a user's token permits no more than the user's current roles; every change is an operation.
 * No module imports this one.
 */
@Module({
  imports: [
    ClientsModule,
    FactorsModule,
    GrantsModule,
    TokensModule,
    TrustedIssuersModule,
    KeysModule,
    OutboxModule,
    ReplayModule,
    ResourcesModule,
    SessionsModule,
    SettingsModule,
    UserinfoModule,
    UsersModule,
  ],
  controllers: [...apiControllers, ApiDocumentation, ApiRest],
  providers: [AccessGuard, IdempotentCreations, OpenApi],
})
export class ApiModule {}
