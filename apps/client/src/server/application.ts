import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SystemClock, type Clock } from '@gatehouse/platform/clock';
import type { Store } from '@gatehouse/platform/database/store';
import { Outbound } from '@gatehouse/platform/outbound/guarded-fetch';
import type { Log } from '@gatehouse/platform/telemetry/log';
import { nestLogger } from '@gatehouse/platform/telemetry/nest-logger';
import { ReplyAdapter } from '@gatehouse/platform/http/express-adapter';
import { StaticAssets, uiAssets } from '@gatehouse/platform/http/static-assets';
import { TrustedProxies } from '@gatehouse/platform/http/trusted-proxies';
import { Languages } from '@gatehouse/platform/i18n/languages';
import { catalogueOf, textHelper } from '@gatehouse/platform/i18n/message-helper';
import { LanguageCookie } from '@gatehouse/platform/pages/language-cookie';
import { pagePresenter } from '@gatehouse/platform/pages/page-presenter';
import { timeHelper, type TimeTexts } from '@gatehouse/platform/ui/time-text';
import { uiViews, Views } from '@gatehouse/platform/ui/views';
import { AppModule } from '../app.module.js';
import type { ClientSettings } from '../config/settings.js';
import { builtInTexts } from '../i18n/built-in.js';
import { pageOfForm, routes } from '../web/routes.js';
import type { ProviderFetch } from '../providers/provider-fetch.js';
import { ProvidersService } from '../providers/providers.service.js';

export interface ClientAppOptions {
  readonly settings: ClientSettings;
  readonly store: Store;
  readonly log: Log;
  /** The system clock when left out. */
  readonly clock?: Clock;
}

/** dist and src have the same depth, so this works from both. */
const source = new URL('../../src/', import.meta.url);

/** Builds the client and stores the provider of the settings. The caller starts listening. */
export async function createClientApp({
  settings,
  store,
  log,
  clock = new SystemClock(),
}: ClientAppOptions): Promise<NestExpressApplication> {
  const assets = new StaticAssets([...uiAssets(), new URL('web/assets/icon.svg', source)]);
  const languages = new Languages({ builtIn: builtInTexts, language: 'en' });
  const adapter = new ReplyAdapter({
    views: viewsWith({ assets, languages, clock }),
    present: pagePresenter({
      languages,
      languageCookie: new LanguageCookie(settings.baseUrl),
      languagePath: routes.language,
      themePath: routes.theme,
      unrepeatablePaths: [routes.callback],
      otherPage: pageOfForm,
    }),
    origin: settings.baseUrl,
    hsts: settings.hsts,
    assets,
    trustedProxies: new TrustedProxies(settings.trustedProxies),
    log,
  });
  const module = AppModule.with({ settings, store, clock, log, providerFetch: guardedFetch(settings), languages });
  const options = { logger: nestLogger(log), abortOnError: false };
  const app = await NestFactory.create<NestExpressApplication>(module, adapter, options);
  await app.init();
  const { providerSeed } = settings;
  if (providerSeed) await store.run((unit) => app.get(ProvidersService).seed(unit, providerSeed, clock.now()));
  return app;
}

function guardedFetch(settings: ClientSettings): ProviderFetch {
  const outbound = new Outbound({ allow: settings.outboundAllow, userAgent: 'Gatehouse-Client' });
  return { fetch: (url, options) => outbound.fetch(url, requestInit(options)) };
}

/** openid-client's options are those of fetch, but contain `undefined` where fetch requires absent members. */
function requestInit({ body, headers, method, redirect, signal }: Parameters<ProviderFetch['fetch']>[1]): RequestInit {
  return {
    method,
    headers,
    redirect,
    ...(body === undefined ? {} : { body: body as NonNullable<RequestInit['body']> }),
    ...(signal ? { signal } : {}),
  };
}

interface ViewDependencies {
  readonly assets: StaticAssets;
  readonly languages: Languages;
  readonly clock: Clock;
}

/** Each module has its own views. */
function viewsWith({ assets, languages, clock }: ViewDependencies): Views {
  const roots = ['providers', 'login', 'flow', 'logout', 'home'].map((module) => ({
    folder: new URL(`${module}/views/`, source),
    prefix: module,
  }));
  const textsOf = (root: object): TimeTexts => {
    const catalogue = catalogueOf(languages, root);
    return { language: catalogue.language, text: (key, values) => catalogue.plain(key, values) };
  };
  return new Views([{ folder: new URL('web/views/', source) }, ...roots, uiViews], {
    hasText: (key) => builtInTexts.has(key),
    helpers: {
      asset: (name: string) => assets.url(name),
      logo: () => assets.url('icon.svg'),
      t: textHelper(languages),
      time: timeHelper(() => clock.now(), textsOf),
    },
    required: [
      'error',
      'home/home',
      'home/signed-out',
      'login/choose',
      'login/begin',
      'flow/messages',
      'logout/ask',
      'logout/only-here',
      'providers/list',
      'providers/form',
      'providers/delete',
      'providers/unlock',
    ],
  });
}
