import { Controller, Get, Inject } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { PageError } from '../../web/page-error.js';
import { routes } from '../../web/routes.js';

/**
 * The page that clients keep in a frame, to be told when the login of this browser changes. It is the same for everybody
 * and sets no cookie: a frame's cookies would be others than the page's.
 * @see OpenID Connect Session Management 3.2
 */
@Controller(routes.checkSession)
export class CheckSessionController {
  private readonly page: Reply | undefined;

  constructor(@Inject(SETTINGS) settings: Settings) {
    // SameSite=None is for Secure cookies alone.
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
