import { MailRoute, type Mail } from '../../src/mail/mail-route';

/** Keeps the mail that the provider would send, where a test is not about how it is sent. */
export class Mailbox extends MailRoute {
  readonly destination = 'mailbox';
  readonly received: Mail[] = [];

  send(mail: Mail): Promise<void> {
    this.received.push(mail);
    return Promise.resolve();
  }
}
