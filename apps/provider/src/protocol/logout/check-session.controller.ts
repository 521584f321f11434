import { Controller, Get, Inject } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { PageError } from '../../web/page-error.js';
import { routes } from '../../web/routes.js';

/**
 * The page that clients load in a frame to detect that the session of this browser has changed. It is the same for everyone
 * and sets no cookie: browsers partition the cookies of a frame.
 * @see OpenID Connect Session Management 3.2
 */
@Controller(routes.checkSession)
export class CheckSessionController {
  private readonly page: Reply | undefined;

  constructor(@Inject(SETTINGS) settings: Settings) {
    // SameSite=None requires Secure cookies.
    this.page = settings.issuer.startsWith('https:')
      ? Reply.constant(Reply.framedPage('logout/check-session'))
      : undefined;
  }

  /** @throws PageError page.not_found on http */
  @Get()
  frame(): Reply {
    if (!this.page) throw new PageError('page.not_found');
    return this.page;
  }
}
