import { readFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import type { Catalogue, TextValues } from '@gatehouse/platform/i18n/catalogue';
import { Text } from '@gatehouse/platform/i18n/message';
import type { TextKey } from '../i18n/message.js';

/** A mail: its texts before and after its one link. */
interface Description {
  readonly subject: TextKey;
  readonly before: readonly TextKey[];
  readonly link: TextKey;
  readonly after: readonly TextKey[];
}

const mails = {
  'password-reset': {
    subject: 'mail.passwordReset.subject',
    before: ['mail.passwordReset.why'],
    link: 'mail.passwordReset.link',
    after: ['mail.passwordReset.once'],
  },
  invitation: {
    subject: 'mail.invitation.subject',
    before: ['mail.invitation.why'],
    link: 'mail.invitation.link',
    after: ['mail.invitation.once'],
  },
  'confirm-email': {
    subject: 'mail.confirmEmail.subject',
    before: ['mail.confirmEmail.why'],
    link: 'mail.confirmEmail.link',
    after: ['mail.confirmEmail.once'],
  },
  'email-replaced': {
    subject: 'mail.emailReplaced.subject',
    before: ['mail.emailReplaced.event', 'mail.securityNotice.where', 'mail.emailReplaced.what'],
    link: 'mail.emailReplaced.link',
    after: [],
  },
  'security-notice': {
    subject: 'mail.securityNotice.subject',
    before: ['mail.securityNotice.event', 'mail.securityNotice.where', 'mail.securityNotice.what'],
    link: 'mail.securityNotice.link',
    after: [],
  },
  'test-message': {
    subject: 'mail.testMessage.subject',
    before: ['mail.testMessage.what'],
    link: 'mail.testMessage.link',
    after: [],
  },
} as const satisfies Record<string, Description>;
export type MailText = keyof typeof mails;

export type MailValues = Readonly<Record<string, string | Text>> & {
  /** The URL of the link. */
  readonly link: string;
};

export interface RenderedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const folder = new URL('../../src/mail/views/', import.meta.url);

function compile(name: string, noEscape: boolean): HandlebarsTemplateDelegate {
  const source = readFileSync(new URL(`${name}.hbs`, folder), 'utf8');
  return Handlebars.create().compile(source, { strict: true, knownHelpersOnly: true, noEscape });
}

/** Renders mail as plain text and HTML in a language. */
export class MailTexts {
  // Plain text needs no escaping.
  private readonly text = compile('mail.text', true);
  private readonly html = compile('mail.html', false);

  /** @throws Error when a text uses a value that is missing */
  render(name: MailText, values: MailValues, catalogue: Catalogue): RenderedMail {
    const { subject, before, link, after }: Description = mails[name];
    const translatedValues: TextValues = Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, value instanceof Text ? value.in(catalogue) : value]),
    );
    const plain = (key: TextKey): string => catalogue.plain(key, translatedValues);
    const html = (key: TextKey): Handlebars.SafeString =>
      new Handlebars.SafeString(catalogue.html(key, translatedValues));
    const common = { language: catalogue.language, subject: plain(subject) };
    const model = <Rendered>(translate: (key: TextKey) => Rendered): object => ({
      ...common,
      before: before.map(translate),
      link: { href: values.link, label: translate(link) },
      after: after.map(translate),
    });
    return { subject: common.subject, text: this.text(model(plain)), html: this.html(model(html)) };
  }
}
