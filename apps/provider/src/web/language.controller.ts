import { Controller, Get, Inject, Req } from '@nestjs/common';
import { localAddress } from '@gatehouse/platform/http/local-address';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { Languages } from '../i18n/languages.js';
import { LanguageCookie } from './language-cookie.js';
import { routes } from './routes.js';

/**
 * The language switch of every page: stores the chosen language in a cookie and returns to the page. A link rather than a form,
 * so that it works on pages that have a form of their own; it changes nothing but how pages are shown in this browser.
 */
@Controller(routes.language)
export class LanguageController {
  private readonly languageCookie: LanguageCookie;

  constructor(
    @Inject(SETTINGS) settings: Settings,
    @Inject(Languages) private readonly languages: Languages,
  ) {
    this.languageCookie = new LanguageCookie(settings.issuer);
  }

  @Get()
  choose(@Req() request: WebRequest): Reply {
    const parameters = query(request);
    const language = this.languages.find(parameters.get('to'));
    const next = localAddress(parameters.get('next')) ?? routes.home;
    return Reply.redirect(next, { cookies: language === undefined ? [] : [this.languageCookie.of(language)] });
  }
}
