import { join } from 'node:path';
import { Module } from '@nestjs/common';
import type { Settings } from '../config/settings.js';
import { SETTINGS } from '../config/settings.token.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { folderRoute, MailRoute, smtpRoute } from './mail-route.js';
import { Mailer } from './mailer.service.js';

/**
 * Owns: mail to people: its texts, its way out (an SMTP server, or a folder while none is set).
 * Invariant: a mail is written in the unit of its event, sealed, and sent by the outbox; every attempt has the same
 * Message-ID. What people typed reaches a header only as an address that was checked.
 * Must not know: why anybody is written to; the modules above say which text, and with what.
 */
@Module({
  imports: [OutboxModule],
  providers: [
    {
      provide: MailRoute,
      inject: [SETTINGS],
      useFactory: ({ smtpUrl, dataDir }: Settings): MailRoute =>
        smtpUrl === undefined ? folderRoute(join(dataDir, 'mail')) : smtpRoute(new URL(smtpUrl)),
    },
    Mailer,
  ],
  exports: [Mailer],
})
export class MailModule {}
