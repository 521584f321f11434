import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { FactorsModule } from '../factors/factors.module.js';
import { GrantsModule } from '../grants/grants.module.js';
import { IssuanceModule } from '../issuance/issuance.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { ReplayModule } from '../replay/replay.module.js';
import { ResourcesModule } from '../resources/resources.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UserinfoModule } from '../userinfo/userinfo.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccessGuard } from './api/access.guard.js';
import { apiControllers } from './api/api-controllers.js';
import { Creations } from './api/creations.service.js';
import { ApiDocumentation, ApiRest } from './api/documentation.controller.js';
import { OpenApi } from './api/openapi.service.js';

/**
 * Owns: the administration's API. Endpoints: /api/admin/v1/*
 * Invariant: nobody gets past the guard without an access token that says so, of a client that an administrator allowed it
 * and, where it is a person's, within what the person's roles are now; every change goes through the service of its entity.
 * Must not know: anything that others would import; nothing imports it.
 */
@Module({
  imports: [
    ClientsModule,
    FactorsModule,
    GrantsModule,
    IssuanceModule,
    KeysModule,
    OutboxModule,
    ReplayModule,
    ResourcesModule,
    SessionsModule,
    UserinfoModule,
    UsersModule,
  ],
  controllers: [...apiControllers, ApiDocumentation, ApiRest],
  providers: [AccessGuard, Creations, OpenApi],
})
export class AdminModule {}
