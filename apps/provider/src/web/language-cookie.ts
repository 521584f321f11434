import type { IncomingMessage } from 'node:http';
import { cookieName } from '@gatehouse/platform/http/browser-cookie';
import type { SetCookie } from '@gatehouse/platform/http/reply';
import { cookie } from '@gatehouse/platform/http/request';

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
}
