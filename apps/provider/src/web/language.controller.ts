import { Controller, Get, Inject, Req } from '@nestjs/common';
import type { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { Languages } from '@gatehouse/platform/i18n/languages';
import { LanguageCookie } from '@gatehouse/platform/pages/language-cookie';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { routes } from './routes.js';

/** The language switch of every page. */
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
    return this.languageCookie.choose(request, this.languages, routes.home);
  }
}
