import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A mail, stored sealed until it has been sent. */
export interface Mail {
  /** Also the left part of the Message-ID. */
  readonly id: string;
  readonly to: string;
  readonly from: string;
  /** The product name; undefined for mail that an earlier version queued. */
  readonly fromName?: string | undefined;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Epoch seconds. */
  readonly createdAt: number;
}

/** How mail is sent: by an SMTP server, or to a folder. */
export abstract class MailRoute {
  /** The destination by which the outbox limits and postpones deliveries. */
  abstract readonly destination: string;
  /** @throws errors of nodemailer or of the file system */
  abstract send(mail: Mail): Promise<void>;
}

const connectMilliseconds = 6000;
const socketMilliseconds = 8000;
/** How many files the folder keeps, the newest ones. */
export const maxFiles = 1000;

/** @param url smtp: (STARTTLS where the server offers it) or smtps: */
export function smtpRoute(url: URL): MailRoute {
  const secure = url.protocol === 'smtps:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (secure ? 465 : 587) : Number(url.port);
  const user = decodeURIComponent(url.username);
  const options = {
    host,
    port,
    secure,
    ...(user === '' ? {} : { auth: { user, pass: decodeURIComponent(url.password) } }),
    connectionTimeout: connectMilliseconds,
    greetingTimeout: connectMilliseconds,
    socketTimeout: socketMilliseconds,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
  return {
    destination: `smtp://${host}:${port}`,
    send: async (mail) => {
      const { createTransport } = await nodemailer();
      await createTransport(options).sendMail(messageOf(mail));
    },
  };
}

/** Writes one .eml file per mail, readable only by the owner of the process: mails contain links. */
export function folderRoute(folder: string): MailRoute {
  return {
    destination: 'folder:mail',
    send: async (mail) => {
      const { createTransport } = await nodemailer();
      const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
      const { message } = await transport.sendMail(messageOf(mail));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const path = join(folder, `${mail.createdAt}-${mail.id}.eml`);
      // Written in two steps so that no reader sees a partial mail; a repeated attempt writes the same file.
      await writeFile(`${path}.part`, message, { mode: 0o600 });
      await rename(`${path}.part`, path);
      const names = (await readdir(folder)).filter((name) => name.endsWith('.eml')).sort();
      for (const name of names.slice(0, -maxFiles)) await rm(join(folder, name), { force: true });
    },
  };
}

/** Loaded with the first mail: many deployments send none. */
function nodemailer(): Promise<typeof import('nodemailer')> {
  return import('nodemailer');
}

function messageOf(mail: Mail) {
  const host = mail.from.slice(mail.from.lastIndexOf('@') + 1);
  return {
    // Objects, so that nothing in them is parsed as a list of addresses.
    from: { name: mail.fromName ?? 'Gatehouse', address: mail.from },
    to: { name: '', address: mail.to },
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    date: new Date(mail.createdAt * 1000),
    messageId: `<${mail.id}@${host}>`,
    // RFC 3834 5: suppresses automatic responses.
    headers: { 'Auto-Submitted': 'auto-generated' },
  };
}
