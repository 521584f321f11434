import type { IncomingMessage } from 'node:http';
import { cookieName } from '../http/browser-cookie.js';
import { localAddress } from '../http/local-address.js';
import { Reply, type SetCookie } from '../http/reply.js';
import { cookie, query, type WebRequest } from '../http/request.js';
import type { Languages } from '../i18n/languages.js';

const lifetimeSeconds = 365 * 24 * 3600;
/** Longer values are no language of this server. */
const maxCharacters = 35;

/** The language that the user chose on a page, a BCP 47 tag. The cookie grants nothing and identifies nobody. */
export class LanguageCookie {
  private readonly secure: boolean;
  private readonly name: string;

  constructor(origin: string) {
    this.secure = origin.startsWith('https:');
    this.name = cookieName('gatehouse_language', this.secure);
  }

  /** Not validated: any browser can send any value. */
  find(request: IncomingMessage): string | undefined {
    const value = cookie(request, this.name);
    return value !== undefined && value.length <= maxCharacters ? value : undefined;
  }

  of(language: string): SetCookie {
    return { name: this.name, value: language, secure: this.secure, maxAgeSeconds: lifetimeSeconds };
  }

  /**
   * Answers a link of the language switch, `?to=de&next=/account`: stores the language, if it is available, and returns to the
   * page. A link rather than a form, so that it works on pages that have a form of their own; it changes nothing but how pages
   * are shown in this browser.
   * @param home the page for an invalid `next`
   */
  choose(request: WebRequest, languages: Languages, home: string): Reply {
    const parameters = query(request);
    const language = languages.find(parameters.get('to'));
    const next = localAddress(parameters.get('next')) ?? home;
    return Reply.redirect(next, { cookies: language === undefined ? [] : [this.of(language)] });
  }
}
