import { Inject, Injectable } from '@nestjs/common';
import { cookieName } from '@gatehouse/platform/http/browser-cookie';
import { Reply, type SetCookie } from '@gatehouse/platform/http/reply';
import { cookie } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { PageError } from '../web/page-error.js';
import type { RequestContext } from '../users/sessions/request-context.js';

/** What a link with a token leads to. */
export type LinkKind = 'password' | 'email' | 'invitation';

/** Long enough to fill in the form; the form itself carries the token too, and is not bound to this time. */
const lifetimeSeconds = 900;

/**
 * Takes the token of a link out of the address: the request that the link makes is answered with a cookie and a redirect,
 * so that no page with a form has the token in its address, in the history or in a `Referer`. Nothing is spent by it.
 *
 * One cookie for each kind of link: of several links, the last one opened counts. A form that is open already names its own
 * token. The cookies have the prefix `__Host-` on https, which rules out a narrower path: that no other host can set them
 * is worth more (RFC 6265bis 4.1.3.2).
 */
@Injectable()
export class LinkTokens {
  private readonly secure: boolean;

  constructor(@Inject(SETTINGS) settings: Settings) {
    this.secure = settings.issuer.startsWith('https:');
  }

  /** Answers the link itself. @param token one that can be used: any other must not replace it */
  keep(context: RequestContext, kind: LinkKind, token: string, address: string): Reply {
    const kept = { ...this.removed(kind), value: token, maxAgeSeconds: lifetimeSeconds };
    return Reply.redirect(address, { cookies: [...context.cookies, kept] });
  }

  /** @throws PageError link.cookie when the cookie expired, or cookies are off */
  get(context: RequestContext, kind: LinkKind): string {
    const token = cookie(context.request, this.nameOf(kind));
    if (token === undefined || token === '') throw new PageError('link.cookie');
    return token;
  }

  /** Removes the cookie, once the link was used. */
  removed(kind: LinkKind): SetCookie {
    return { name: this.nameOf(kind), value: '', secure: this.secure, maxAgeSeconds: 0 };
  }

  private nameOf(kind: LinkKind): string {
    return cookieName(`gatehouse_link_${kind}`, this.secure);
  }
}
