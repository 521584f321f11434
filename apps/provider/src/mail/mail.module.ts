import { join } from 'node:path';
import { Module } from '@nestjs/common';
import type { Settings } from '../config/settings.js';
import { SETTINGS } from '../config/settings.token.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { folderRoute, MailRoute, smtpRoute } from './mail-route.js';
import { Mailer } from './mailer.service.js';

/**
 * Owns: mail to users: its texts and its transport (an SMTP server, or a folder while none is configured).
 * Invariant: a mail is stored sealed in the unit of work of its event and sent by the outbox; every attempt has the same
 * Message-ID. User input only reaches a header as a validated address.
 * Must not know: why mail is sent; the calling modules choose the text and its values.
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
