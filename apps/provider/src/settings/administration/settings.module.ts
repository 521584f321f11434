import { Module } from '@nestjs/common';
import { MailModule } from '../../mail/mail.module.js';
import { FactorsModule } from '../../users/factors/factors.module.js';
import { SessionsModule } from '../../users/sessions/sessions.module.js';
import { UsersModule } from '../../users/users.module.js';
import { SendTestMail } from './operations/send-test-mail.js';
import { UpdateSettings } from './operations/update-settings.js';
import { SettingsOverview } from './settings-overview.service.js';

/**
 * Owns: the changes of settings while the server runs, and the test message.
 * Invariant: a stored value never weakens what the environment sets; issuer, keys, database, mail server, registration and
 * security profiles can only be set there.
 * Must not know: what the settings are used for; their users read them from `CurrentSettings`.
 */
@Module({
  imports: [FactorsModule, MailModule, SessionsModule, UsersModule],
  providers: [SendTestMail, SettingsOverview, UpdateSettings],
  exports: [SettingsOverview],
})
export class SettingsModule {}
