import { Controller, Get, Inject, Req } from '@nestjs/common';
import type { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { Languages } from '@gatehouse/platform/i18n/languages';
import { chooseTheme } from '@gatehouse/platform/pages/appearance';
import { LanguageCookie } from '@gatehouse/platform/pages/language-cookie';
import { SETTINGS } from '../config/settings.token.js';
import type { ClientSettings } from '../config/settings.js';
import { routes } from './routes.js';

/** The language switch and the theme switch of every page. */
@Controller()
export class PreferencesController {
  private readonly languageCookie: LanguageCookie;
  private readonly origin: string;

  constructor(
    @Inject(SETTINGS) settings: ClientSettings,
    @Inject(Languages) private readonly languages: Languages,
  ) {
    this.origin = settings.baseUrl;
    this.languageCookie = new LanguageCookie(settings.baseUrl);
  }

  @Get(routes.language)
  language(@Req() request: WebRequest): Reply {
    return this.languageCookie.choose(request, this.languages, routes.home);
  }

  @Get(routes.theme)
  theme(@Req() request: WebRequest): Reply {
    return chooseTheme(request, { origin: this.origin, home: routes.home });
  }
}
