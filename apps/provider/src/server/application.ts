import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import type { DynamicModule, INestApplication, NestApplicationOptions } from '@nestjs/common';
import type { Clock } from '@gatehouse/platform/clock';
import type { OpenStore } from '@gatehouse/platform/database/open-store';
import { Keyring } from '@gatehouse/platform/secrets/keyring';
import { loadOrCreateKeyFile } from '@gatehouse/platform/secrets/key-file';
import { SelectorSource } from '@gatehouse/platform/secrets/random';
import type { Log } from '@gatehouse/platform/telemetry/log';
import { nestLogger } from '@gatehouse/platform/telemetry/nest-logger';
import { ReplyAdapter } from '@gatehouse/platform/http/express-adapter';
import { StaticAssets, uiAssets } from '@gatehouse/platform/http/static-assets';
import { tlsOptions } from '@gatehouse/platform/http/tls-options';
import { TrustedProxies } from '@gatehouse/platform/http/trusted-proxies';
import { LanguageCookie } from '@gatehouse/platform/pages/language-cookie';
import { Languages } from '@gatehouse/platform/i18n/languages';
import { catalogueOf, textHelper } from '@gatehouse/platform/i18n/message-helper';
import { pagePresenter } from '@gatehouse/platform/pages/page-presenter';
import { timeHelper } from '@gatehouse/platform/ui/time-text';
import { uiViews, Views } from '@gatehouse/platform/ui/views';
import { OpenApi } from '../api/v1/openapi.service.js';
import { AppModule } from '../app.module.js';
import { keyFileOf, type LoadedSettings, type Settings } from '../config/settings.js';
import { CurrentSettings } from '../settings/current-settings.js';
import { Branding } from '../web/branding.js';
import { pageOfForm } from '../web/page-of-form.js';
import { routes } from '../web/routes.js';
import { Counters } from '../monitoring/counters.js';
import { hasText } from '../i18n/message.js';
import { builtInTexts } from '../i18n/built-in.js';
import type { ApplicationDependencies } from './application-dependencies.module.js';
import { randomGeneratorId, GeneratorId } from '../database/generator-id.js';

export interface ApplicationOptions {
  readonly settings: LoadedSettings;
  readonly store: OpenStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Created when left out. */
  readonly counters?: Counters;
  /** See {@link PROCESS_ACTOR}; none when left out. */
  readonly processActor?: string;
  /** False: the process serves no requests and leases no generator id. */
  readonly leasesGeneratorId?: boolean;
  /** With the pages for developers; false when left out. */
  readonly development?: boolean;
  /** See {@link ReplyAdapterOptions.dispatchDirectly}. */
  readonly dispatchDirectly?: boolean;
}

/** The prefix of the views of each module with pages, and their folder. */
const moduleViews: Readonly<Record<string, string>> = {
  account: 'account',
  clients: 'clients',
  resources: 'resources',
  'trusted-issuers': 'trusted-issuers',
  factors: 'users/factors',
  users: 'users',
  'sign-in': 'sign-in',
  logout: 'protocol/logout',
  search: 'admin/search',
  admin: 'admin',
  grants: 'grants',
  tokens: 'tokens',
};
/** Pages in English only, present in development. */
const developmentViews = { development: 'development' };

/** What Nest creates the provider from. */
export interface PreparedApp {
  readonly dependencies: ApplicationDependencies;
  readonly module: DynamicModule;
  readonly adapter: ReplyAdapter;
  readonly options: NestApplicationOptions;
}

/** Creates the provider, without listening. */
export async function createApp(input: ApplicationOptions): Promise<INestApplication> {
  const prepared = await prepareApp(input);
  return completeApp(await NestFactory.create(prepared.module, prepared.adapter, prepared.options));
}

/** Prepares what Nest creates the application from: tests replace some of its providers. */
export async function prepareApp(input: ApplicationOptions): Promise<PreparedApp> {
  const { settings, log } = input;
  const generatorId = input.leasesGeneratorId === false ? undefined : await GeneratorId.lease(input.store);
  const core = createDependencies({ ...input, generatorId });
  const assets = new StaticAssets([...uiAssets(), ...filesOf(new URL('../../src/web/assets/', import.meta.url))]);
  const branding = new Branding(core.currentSettings, assets);
  const adapter = new ReplyAdapter({
    origin: settings.issuer,
    hsts: settings.hsts,
    views: views({
      assets,
      branding,
      languages: core.languages,
      clock: core.clock,
      development: input.development === true,
    }),
    present: pagePresenter({
      languages: core.languages,
      languageCookie: new LanguageCookie(settings.issuer),
      languagePath: routes.language,
      otherPage: pageOfForm,
      englishViews: Object.keys(developmentViews),
    }),
    assets,
    trustedProxies: new TrustedProxies(settings.trustedProxies),
    log,
    observe: (answered) => core.counters.answered(answered),
    dispatchDirectly: input.dispatchDirectly,
  });
  // After a commit, waiting responses are sent at once, so that clients proceed while other requests are processed.
  input.store.onCommitted(adapter.sendWaiting);
  return {
    dependencies: core,
    module: AppModule.of(core, input),
    adapter,
    options: {
      logger: nestLogger(log),
      bodyParser: false,
      abortOnError: false,
      ...(settings.tls === undefined
        ? {}
        : {
            httpsOptions: {
              ...tlsOptions,
              cert: readFileSync(settings.tls.certPath),
              key: readFileSync(settings.tls.keyPath),
            },
          }),
    },
  };
}

/** Completes the application that Nest created, before its initialization. */
export function completeApp(app: INestApplication): INestApplication {
  app.get(OpenApi).serve(app);
  return app;
}

/** Creates the dependencies of the modules; commands use them without a server. */
export function createDependencies(
  input: ApplicationOptions & { readonly generatorId?: GeneratorId | undefined },
): ApplicationDependencies {
  return {
    ...input,
    currentSettings: new CurrentSettings(input.settings),
    counters: input.counters ?? new Counters(),
    languages: new Languages({ ...input.settings, builtIn: builtInTexts }),
    keyring: new Keyring(secretKeys(input.settings)),
    selectors: new SelectorSource(input.generatorId?.value ?? randomGeneratorId()),
    processActor: input.processActor ?? null,
  };
}

function secretKeys(settings: Settings): readonly Buffer[] {
  if (settings.secretKeys !== undefined) return settings.secretKeys;
  const file = keyFileOf(settings);
  if (file === undefined) throw new Error('GATEHOUSE_SECRET_KEY is required with this database');
  return loadOrCreateKeyFile(file);
}

interface ViewDependencies {
  readonly assets: StaticAssets;
  readonly branding: Branding;
  readonly languages: Languages;
  readonly clock: Clock;
  readonly development: boolean;
}

function views({ assets, branding, languages, clock, development }: ViewDependencies): Views {
  const source = new URL('../../src/', import.meta.url);
  return new Views(
    [
      { folder: new URL('web/views/', source) },
      ...Object.entries({ ...moduleViews, ...(development ? developmentViews : {}) }).map(([prefix, folder]) => ({
        folder: new URL(`${folder}/views/`, source),
        prefix,
      })),
      uiViews,
    ],
    {
      hasText,
      helpers: {
        asset: (name: unknown) => assets.url(String(name)),
        t: textHelper(languages),
        time: timeHelper(
          () => clock.now(),
          (root) => {
            const catalogue = catalogueOf(languages, root);
            return { language: catalogue.language, text: (key, values) => catalogue.plain(key, values) };
          },
        ),
        product: () => branding.current.name,
        logo: () => assets.url(branding.current.logo),
        brandSheet: () => branding.current.sheet && assets.url(branding.current.sheet),
        brandTokens: () => branding.current.tokens && assets.url(branding.current.tokens),
        hasPlainBackground: () => branding.current.background === 'plain',
        supportContact: () => branding.current.supportContact,
        termsUrl: () => branding.current.termsUrl,
        privacyUrl: () => branding.current.privacyUrl,
      },
      required: [
        'error',
        'sign-in/login',
        'sign-in/consent',
        'sign-in/client-error',
        'sign-in/second-factor',
        'factors/recovery-codes',
        'sign-in/sign-up',
        'sign-in/forgot-password',
        'sign-in/set-password',
        'sign-in/password-set',
        'logout/confirm',
        'logout/done',
        'home/home',
      ],
    },
  );
}

function filesOf(folder: URL): string[] {
  const path = fileURLToPath(folder);
  return readdirSync(path).map((name) => `${path}/${name}`);
}
