import { Inject, Injectable } from '@nestjs/common';
import { cookieName } from '@gatehouse/platform/http/browser-cookie';
import { Reply, type SetCookie } from '@gatehouse/platform/http/reply';
import { cookie } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { PageError } from '../web/page-error.js';
import type { RequestContext } from '../users/sessions/request-context.js';

/** What a link with a token is for. */
export type LinkKind = 'password' | 'email' | 'invitation';

/** Long enough to fill in the form. The form carries the token too, so this lifetime does not limit it. */
const lifetimeSeconds = 900;

/**
 * Removes the token of a link from the URL: the response to the link sets a cookie and redirects, so that no page with a
 * form has the token in its URL, in the history or in a `Referer`. This does not consume the token.
 *
 * There is one cookie per kind of link: of several links, the last one opened wins. A form that is already open names its
 * own token. On https the cookies have the prefix `__Host-`, which rules out a narrower path but prevents other hosts from
 * setting them (RFC 6265bis 4.1.3.2).
 */
@Injectable()
export class LinkTokens {
  private readonly secure: boolean;

  constructor(@Inject(SETTINGS) settings: Settings) {
    this.secure = settings.issuer.startsWith('https:');
  }

  /** Responds to the link itself. @param token a valid one: an invalid token must not replace the cookie */
  keep(context: RequestContext, kind: LinkKind, token: string, address: string): Reply {
    const stored = { ...this.removed(kind), value: token, maxAgeSeconds: lifetimeSeconds };
    return Reply.redirect(address, { cookies: [...context.cookies, stored] });
  }

  /** @throws PageError link.cookie when the cookie has expired or cookies are disabled */
  get(context: RequestContext, kind: LinkKind): string {
    const token = cookie(context.request, this.nameOf(kind));
    if (token === undefined || token === '') throw new PageError('link.cookie');
    return token;
  }

  /** Removes the cookie once the link has been used. */
  removed(kind: LinkKind): SetCookie {
    return { name: this.nameOf(kind), value: '', secure: this.secure, maxAgeSeconds: 0 };
  }

  private nameOf(kind: LinkKind): string {
    return cookieName(`gatehouse_link_${kind}`, this.secure);
  }
}
