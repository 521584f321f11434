import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { isEmailAddress, type EpochSeconds } from '@gatehouse/domain/kernel';
import type { Unit } from '@gatehouse/platform/database/store';
import { newId } from '@gatehouse/platform/secrets/random';
import { SETTINGS } from '../config/settings.token.js';
import { mailFromOf, type Settings } from '../config/settings.js';
import type { Delivery, DeliveryAttempt, OutboxKind } from '../outbox/outbox-kind.js';
import { Outbox } from '../outbox/outbox.service.js';
import { MailRoute, type Mail } from './mail-route.js';
import { MailTexts, type MailText, type MailValues } from './mail-texts.js';
import { Languages } from '../i18n/languages.js';

export interface NewMail {
  readonly to: string;
  readonly text: MailText;
  readonly values: MailValues;
  /** The reader's own language (BCP 47), where they told it. */
  readonly language?: string | undefined;
  /** How long it is worth reading. */
  readonly lifetimeSeconds: number;
}

/** Writes to people. A mail is queued in the unit of its event and sent once that is on disk. */
@Injectable()
export class Mailer implements OutboxKind, OnModuleInit {
  readonly name = 'mail';
  readonly lifetimeSeconds = 24 * 3600;
  readonly maxAttempts = 60;
  readonly maxAtOnce = 8;
  private readonly texts = new MailTexts();

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(Languages) private readonly languages: Languages,
    @Inject(MailRoute) private readonly route: MailRoute,
  ) {}

  onModuleInit(): void {
    this.outbox.register(this);
  }

  /**
   * Queues a mail.
   * @returns false when too many wait already: then it is not sent
   * @throws RangeError when the address could be read as more than one, or as a header
   */
  async write(
    unit: Unit,
    { to, text, values, language, lifetimeSeconds }: NewMail,
    now: EpochSeconds,
  ): Promise<boolean> {
    if (!isEmailAddress(to)) throw new RangeError('this is not one mail address');
    const rendered = this.texts.render(
      text,
      values,
      this.languages.choose(language === undefined ? undefined : [language], undefined),
    );
    const mail: Mail = {
      id: newId(),
      to,
      from: mailFromOf(this.settings),
      fromName: this.settings.productName,
      createdAt: now,
      ...rendered,
    };
    return this.outbox.add(
      unit,
      { kind: this.name, destination: this.route.destination, payload: mail, lifetimeSeconds },
      now,
    );
  }

  async deliver(payload: unknown, { signal }: DeliveryAttempt): Promise<Delivery> {
    // Written by `write`, and sealed since.
    const mail = payload as Mail;
    const cut = new Promise<'cut'>((resolve) => signal.addEventListener('abort', () => resolve('cut'), { once: true }));
    try {
      const sent = await Promise.race([this.route.send(mail).then(() => 'sent' as const), cut]);
      return sent === 'sent' ? { outcome: 'delivered' } : { outcome: 'retry', reason: 'it took too long' };
    } catch (error) {
      return failureOf(error);
    }
  }
}

/** A server's own words may repeat what we sent: only codes are kept. RFC 5321 4.2.1: 5yz stays so, 4yz may pass. */
function failureOf(error: unknown): Delivery {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  const kind = typeof code === 'string' ? code : 'unknown';
  // A wrong password or a refused sender is the operator's to mend, and then the mail goes out.
  const oursToMend = kind === 'EAUTH';
  if (typeof responseCode === 'number' && !oursToMend) {
    const reason = `the mail server answered ${responseCode}`;
    return responseCode >= 500 ? { outcome: 'give up', reason } : { outcome: 'retry', reason };
  }
  return { outcome: 'retry', reason: `cannot send: ${kind}`, destinationDown: true };
}
