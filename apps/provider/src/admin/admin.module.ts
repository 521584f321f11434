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
import { SettingsModule } from '../settings/administration/settings.module.js';
import { SessionsModule } from '../users/sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { AuditController } from './activity/audit.controller.js';
import { DashboardController } from './overview/dashboard.controller.js';
import { SetupChecklist } from './overview/setup-checklist.service.js';
import { SystemController } from './overview/system.controller.js';
import { SettingPages } from './settings/setting-pages.service.js';
import { ThingsToFix } from './overview/things-to-fix.service.js';
import { EventLines } from './activity/event-lines.service.js';
import { BrandingController } from './settings/branding.controller.js';
import { SignInSettingsController } from './settings/sign-in-settings.controller.js';
import { KeysController } from './keys.controller.js';
import { MessagesController } from './messages.controller.js';
import {
  EarlierFailedRequestsController,
  FailedRequestsController,
} from './failed-requests/failed-requests.controller.js';
import { SearchController } from './search/search.controller.js';
import { ConsoleSearch } from './search/search.service.js';
import { SessionsController } from './sessions.controller.js';
import { UserActivityController } from './users/user-activity.controller.js';
import { UserApplicationsController } from './users/user-applications.controller.js';
import { UserPages } from './users/user-pages.service.js';
import { UserSessionsController } from './users/user-sessions.controller.js';

/**
 * Owns: the overview and the pages of the audit log, failed requests, sessions, keys, the outbox and the settings; the
 * pages about one user that need other modules.
 * Pages: /settings/branding, /settings/sign-in, /admin, /admin/system, /audit, /failed-request, /session, /key, /message, /search, /user/sessions, /user/apps,
 * /user/activity.
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
    UsersModule,
  ],
  controllers: [
    DashboardController,
    SystemController,
    AuditController,
    FailedRequestsController,
    EarlierFailedRequestsController,
    SessionsController,
    BrandingController,
    SignInSettingsController,
    KeysController,
    MessagesController,
    SearchController,
    UserSessionsController,
    UserApplicationsController,
    UserActivityController,
  ],
  providers: [ConsoleSearch, EventLines, SettingPages, SetupChecklist, ThingsToFix, UserPages],
})
export class AdminModule {}
