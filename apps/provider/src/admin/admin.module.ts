import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { FactorsModule } from '../users/factors/factors.module.js';
import { GrantsModule } from '../grants/grants.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { TrustedIssuersModule } from '../trusted-issuers/trusted-issuers.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { ReplayModule } from '../replay/replay.module.js';
import { ResourcesModule } from '../resources/resources.module.js';
import { SessionsModule } from '../users/sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { AuditController } from './activity/audit.controller.js';
import { DashboardController } from './overview/dashboard.controller.js';
import { SetupChecklist } from './overview/setup-checklist.service.js';
import { SystemController } from './overview/system.controller.js';
import { ThingsToFix } from './overview/things-to-fix.service.js';
import { EventLines } from './activity/event-lines.service.js';
import { KeysController } from './keys.controller.js';
import { MessagesController } from './messages.controller.js';
import {
  EarlierFailedRequestsController,
  FailedRequestsController,
} from './failed-requests/failed-requests.controller.js';
import { SessionsController } from './sessions.controller.js';

/**
 * Owns: the overview and the pages of the audit log, failed requests, sessions, keys, the outbox and the settings.
 * Pages: /admin, /admin/system, /audit, /failed-request, /session, /key, /message.
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
    UsersModule,
  ],
  controllers: [
    DashboardController,
    SystemController,
    AuditController,
    FailedRequestsController,
    EarlierFailedRequestsController,
    SessionsController,
    KeysController,
    MessagesController,
  ],
  providers: [EventLines, SetupChecklist, ThingsToFix],
})
export class AdminModule {}
