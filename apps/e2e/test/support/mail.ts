import { SmtpServer, type ReceivedMail } from '../../../provider/test/support/smtp-server.js';

export { linkIn, SmtpServer } from '../../../provider/test/support/smtp-server.js';

/** Waits for a mail to this address. */
export async function mailTo({ received }: SmtpServer, address: string): Promise<ReceivedMail> {
  for (let attempts = 0; attempts < 200; attempts++) {
    const mail = received.find(({ to }) => to.includes(address));
    if (mail) return mail;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no mail to ${address}: ${JSON.stringify(received.map(({ to }) => to))}`);
}
