import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { isEmailAddress, type EpochSeconds } from '@gatehouse/domain/kernel';
import type { Unit } from '@gatehouse/platform/database/store';
import { newId } from '@gatehouse/platform/secrets/random';
import { SETTINGS } from '../config/settings.token.js';
import { mailFromOf, sendsMail, type Settings } from '../config/settings.js';
import { CurrentSettings } from '../settings/current-settings.js';
import type { Delivery, DeliveryAttempt, OutboxKind } from '../outbox/outbox-kind.js';
import { Outbox } from '../outbox/outbox.service.js';
import { MailRoute, type Mail } from './mail-route.js';
import { MailTexts, type MailText, type MailValues } from './mail-texts.js';
import { Languages } from '@gatehouse/platform/i18n/languages';

export interface NewMail {
  readonly to: string;
  readonly text: MailText;
  readonly values: MailValues;
  /** The language of the recipient (BCP 47), if known. */
  readonly language?: string | undefined;
  /** How long the mail is useful; it is not sent after that. */
  readonly lifetimeSeconds: number;
}

/** A mail that is sent while somebody waits for the result. */
export type ImmediateMail = Omit<NewMail, 'lifetimeSeconds'>;

/** `written`: to the folder, because there is no mail server. The codes are those of nodemailer and of SMTP (RFC 5321 4.2). */
export type SendResult =
  | { readonly outcome: 'sent' }
  | { readonly outcome: 'written' }
  | { readonly outcome: 'failed'; readonly code: string; readonly responseCode: number | undefined };

/** Sends mail. A mail is queued in the unit of work of its event and sent once that is on disk. */
@Injectable()
export class Mailer implements OutboxKind, OnModuleInit {
  readonly name = 'mail';
  readonly lifetimeSeconds = 24 * 3600;
  readonly maxAttempts = 60;
  readonly maxAtOnce = 8;
  private readonly texts = new MailTexts();

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(CurrentSettings) private readonly current: CurrentSettings,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(Languages) private readonly languages: Languages,
    @Inject(MailRoute) private readonly route: MailRoute,
  ) {}

  onModuleInit(): void {
    this.outbox.register(this);
  }

  /**
   * Queues a mail.
   * @returns false when too many mails are waiting: then it is not queued
   * @throws RangeError when the address is not one valid address
   */
  async write(
    unit: Unit,
    { to, text, values, language, lifetimeSeconds }: NewMail,
    now: EpochSeconds,
  ): Promise<boolean> {
    const mail = this.render({ to, text, values, language }, now);
    return this.outbox.add(
      unit,
      { kind: this.name, destination: this.route.destination, payload: mail, lifetimeSeconds },
      now,
    );
  }

  /**
   * Sends a mail at once, not through the queue.
   * @throws RangeError when the address is not one valid address
   */
  async sendNow(mail: ImmediateMail, now: EpochSeconds): Promise<SendResult> {
    const rendered = this.render(mail, now);
    try {
      await this.route.send(rendered);
      return sendsMail(this.settings) ? { outcome: 'sent' } : { outcome: 'written' };
    } catch (error) {
      return { outcome: 'failed', ...codesOf(error) };
    }
  }

  private render({ to, text, values, language }: ImmediateMail, now: EpochSeconds): Mail {
    if (!isEmailAddress(to)) throw new RangeError('not a valid email address');
    const catalogue = this.languages.choose(language === undefined ? undefined : [language], undefined);
    return {
      id: newId(),
      to,
      from: mailFromOf(this.settings),
      fromName: this.current.current().productName,
      createdAt: now,
      ...this.texts.render(text, values, catalogue),
    };
  }

  async deliver(payload: unknown, { signal }: DeliveryAttempt): Promise<Delivery> {
    // Written by `write` and sealed since.
    const mail = payload as Mail;
    const aborted = new Promise<'aborted'>((resolve) =>
      signal.addEventListener('abort', () => resolve('aborted'), { once: true }),
    );
    try {
      const sent = await Promise.race([this.route.send(mail).then(() => 'sent' as const), aborted]);
      return sent === 'sent' ? { outcome: 'delivered' } : { outcome: 'retry', reason: 'timeout' };
    } catch (error) {
      return failureOf(error);
    }
  }
}

/** @param error of nodemailer or of the file system */
function codesOf(error: unknown): { readonly code: string; readonly responseCode: number | undefined } {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  return {
    code: typeof code === 'string' ? code : 'unknown',
    responseCode: typeof responseCode === 'number' ? responseCode : undefined,
  };
}

/** The text of a mail server may repeat the mail, so only codes are recorded. RFC 5321 4.2.1: 5yz is permanent, 4yz transient. */
function failureOf(error: unknown): Delivery {
  const { code: kind, responseCode } = codesOf(error);
  // An operator can fix a wrong password or a rejected sender; the mail is sent after that.
  const isFixableByOperator = kind === 'EAUTH';
  if (responseCode !== undefined && !isFixableByOperator) {
    const reason = `the mail server answered ${responseCode}`;
    return responseCode >= 500 ? { outcome: 'give up', reason } : { outcome: 'retry', reason };
  }
  return { outcome: 'retry', reason: `cannot send: ${kind}`, destinationDown: true };
}
