import { readFileSync } from 'node:fs';
import Handlebars from 'handlebars';

/** The texts that can be sent; each has `<name>.text.hbs` and `<name>.html.hbs` in `views`. */
const subjects = {
  'password-reset': 'Set a new password',
  invitation: 'You are invited',
  'security-notice': 'Your account was changed',
  'confirm-email': 'Confirm your address',
} as const;
export type MailText = keyof typeof subjects;

export interface RenderedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const folder = new URL('../../src/mail/views/', import.meta.url);
const options = { strict: true, knownHelpersOnly: true } as const;

function compile(name: string, noEscape: boolean): HandlebarsTemplateDelegate<Readonly<Record<string, string>>> {
  return Handlebars.create().compile(readFileSync(new URL(`${name}.hbs`, folder), 'utf8'), { ...options, noEscape });
}

/** Mail in text and HTML from Handlebars. A value that a text names and nobody gave throws. */
export class MailTexts {
  private readonly templates = new Map(
    Object.keys(subjects).map((name) => [
      name,
      // Plain text has nothing to escape.
      { text: compile(`${name}.text`, true), html: compile(`${name}.html`, false) },
    ]),
  );

  /** @throws Error when a value is missing */
  render(name: MailText, values: Readonly<Record<string, string>>): RenderedMail {
    const template = this.templates.get(name);
    if (!template) throw new RangeError(`there is no mail "${name}"`);
    return { subject: subjects[name], text: template.text(values), html: template.html(values) };
  }
}
