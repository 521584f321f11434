import { Global, Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Clock } from '@gatehouse/platform/clock';
import { Store } from '@gatehouse/platform/database/store';
import { deriveKey, Keyring } from '@gatehouse/platform/secrets/keyring';
import { randomBuffer, SelectorSource } from '@gatehouse/platform/secrets/random';
import { BrowserCookie } from '@gatehouse/platform/http/browser-cookie';
import { CsrfTokens } from '@gatehouse/platform/http/csrf';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Languages } from '@gatehouse/platform/i18n/languages';
import { Log } from '@gatehouse/platform/telemetry/log';
import { SETTINGS } from './config/settings.token.js';
import type { ClientSettings } from './config/settings.js';
import { FlowModule } from './flow/flow.module.js';
import { HomeModule } from './home/home.module.js';
import { ErrorFilter } from './web/error.filter.js';
import { PreferencesController } from './web/preferences.controller.js';
import { Pages } from './web/pages.service.js';
import { LoginModule } from './login/login.module.js';
import { LogoutModule } from './logout/logout.module.js';
import { JobsModule } from './jobs/jobs.module.js';
import { ProviderFetch } from './providers/provider-fetch.js';
import { ProvidersModule } from './providers/providers.module.js';
import { SessionModule } from './session/session.module.js';

/** The application dependencies. */
export interface ClientParts {
  readonly settings: ClientSettings;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly providerFetch: ProviderFetch;
  readonly languages: Languages;
}

/**
 * Owns: application dependencies (settings, store, clock, keys, forms, pages).
 * Must not depend on: any page or endpoint.
 */
@Global()
@Module({})
class EdgeModule {
  static with({ settings, store, clock, log, providerFetch, languages }: ClientParts): DynamicModule {
    const keyring = new Keyring([deriveKey(settings.sessionSecret, 'gatehouse client')]);
    const origin = settings.baseUrl;
    const browserCookie = new BrowserCookie({ origin, name: 'gatehouse_client_browser' });
    const csrf = new CsrfTokens(keyring.derive('csrf'));
    const providers = [
      { provide: SETTINGS, useValue: settings },
      { provide: Store, useValue: store },
      { provide: Clock, useValue: clock },
      { provide: Log, useValue: log },
      { provide: ProviderFetch, useValue: providerFetch },
      { provide: Languages, useValue: languages },
      { provide: Keyring, useValue: keyring },
      // Only one process uses this database. If it has the generator id of an earlier process, an insert can fail at worst.
      { provide: SelectorSource, useValue: new SelectorSource(randomBuffer(2).readUInt16BE() % 2048) },
      {
        provide: PageForms,
        inject: [Clock],
        useFactory: (clock: Clock) => new PageForms({ origin, csrf, browserCookie, clock }),
      },
      Pages,
    ];
    return {
      module: EdgeModule,
      providers,
      exports: providers.map((provider) => ('provide' in provider ? provider.provide : provider)),
    };
  }
}

/** The client: an OpenID Connect relying party for several providers. */
@Module({})
export class AppModule {
  static with(parts: ClientParts): DynamicModule {
    return {
      module: AppModule,
      imports: [
        EdgeModule.with(parts),
        SessionModule,
        ProvidersModule,
        LoginModule,
        FlowModule,
        LogoutModule,
        HomeModule,
        JobsModule,
      ],
      controllers: [PreferencesController],
      providers: [{ provide: APP_FILTER, useClass: ErrorFilter }],
    };
  }
}
