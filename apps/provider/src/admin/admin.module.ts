import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { FactorsModule } from '../factors/factors.module.js';
import { GrantsModule } from '../grants/grants.module.js';
import { IssuanceModule } from '../issuance/issuance.module.js';
import { IssuersModule } from '../issuers/issuers.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { ReplayModule } from '../replay/replay.module.js';
import { ResourcesModule } from '../resources/resources.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UserinfoModule } from '../userinfo/userinfo.module.js';
import { UsersModule } from '../users/users.module.js';
import { AuditController } from './audit.controller.js';
import { DashboardController } from './dashboard.controller.js';
import { EventLines } from './event-lines.service.js';
import { KeysController } from './keys.controller.js';
import { MessagesController } from './messages.controller.js';
import { RefusalsController } from './refusals.controller.js';
import { SessionsController } from './sessions.controller.js';
import { AccessGuard } from './api/access.guard.js';
import { apiControllers } from './api/api-controllers.js';
import { Creations } from './api/creations.service.js';
import { ApiDocumentation, ApiRest } from './api/documentation.controller.js';
import { OpenApi } from './api/openapi.service.js';

/**
 * Owns: the dashboard, the pages of the audit log, refused requests, sessions, keys and the mail queue, and the API.
 * Pages: /admin, /audit, /refusal, /session, /key, /message. Endpoints: /api/admin/v1/*
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
    IssuersModule,
    KeysModule,
    OutboxModule,
    ReplayModule,
    ResourcesModule,
    SessionsModule,
    UserinfoModule,
    UsersModule,
  ],
  controllers: [
    DashboardController,
    AuditController,
    RefusalsController,
    SessionsController,
    KeysController,
    MessagesController,
    ...apiControllers,
    ApiDocumentation,
    ApiRest,
  ],
  providers: [AccessGuard, Creations, EventLines, OpenApi],
})
export class AdminModule {}
