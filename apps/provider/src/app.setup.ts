import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import type { DynamicModule, INestApplication, NestApplicationOptions } from '@nestjs/common';
import type { Clock } from '@gatehouse/server/clock';
import type { OpenStore } from '@gatehouse/server/database/open-store';
import { Keyring } from '@gatehouse/server/secrets/keyring';
import { loadOrCreateKeyFile } from '@gatehouse/server/secrets/key-file';
import { SelectorSource } from '@gatehouse/server/secrets/random';
import type { Log } from '@gatehouse/server/telemetry/log';
import { nestLogger } from '@gatehouse/server/telemetry/nest-logger';
import { ReplyAdapter } from '@gatehouse/server/web/express-adapter';
import type { ShownPage } from '@gatehouse/server/web/reply-writer';
import { StaticAssets } from '@gatehouse/server/web/static-assets';
import { tlsOptions } from '@gatehouse/server/web/tls-options';
import { TrustedProxies } from '@gatehouse/server/web/trusted-proxies';
import { Views } from '@gatehouse/server/web/views';
import { OpenApi } from './admin/api/openapi.service.js';
import { AppModule } from './app.module.js';
import { keyFileOf, type Settings } from './config/settings.js';
import { brandOf, type Brand } from './http/brand.js';
import { Counters } from './http/counters.js';
import { Languages } from './texts/languages.js';
import { said } from './texts/text.js';
import { textHelper } from './texts/text-helper.js';
import type { Core } from './core/core.module.js';
import { drawCommandNumber, NodeNumber } from './database/node-number.js';

export interface Outside {
  readonly settings: Settings;
  readonly store: OpenStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Made here when it is left out. */
  readonly counters?: Counters;
  /** See {@link PROCESS_ACTOR}; none where it is left out. */
  readonly processActor?: string;
  /** False: it serves nobody, and takes no node number of its own. */
  readonly leasesNode?: boolean;
  /** See {@link ReplyAdapterOptions.dispatchDirectly}. */
  readonly dispatchDirectly?: boolean;
}

/** Modules with pages of their own: their `views` folder, under their name. */
const modulesWithPeoplesViews = ['account', 'factors', 'interaction', 'logout'] as const;
/** These pages are for administrators and developers: they are in English whatever the reader's language. */
const modulesWithStaffViews = ['clients', 'grants', 'admin', 'issuance', 'issuers', 'resources', 'users'] as const;

/** What Nest builds the provider from. */
export interface PreparedApp {
  readonly core: Core;
  readonly module: DynamicModule;
  readonly adapter: ReplyAdapter;
  readonly options: NestApplicationOptions;
}

/** Builds the provider. The caller listens, or does not. */
export async function createApp(outside: Outside): Promise<INestApplication> {
  const prepared = await prepareApp(outside);
  return completeApp(await NestFactory.create(prepared.module, prepared.adapter, prepared.options));
}

/** What comes before Nest builds the application: tests build it with providers of their own in place of some. */
export async function prepareApp(outside: Outside): Promise<PreparedApp> {
  const { settings, log } = outside;
  const node = outside.leasesNode === false ? undefined : await NodeNumber.lease(outside.store);
  const core = createCore({ ...outside, node });
  const brand = brandOf(settings);
  const assets = new StaticAssets([...filesOf(new URL('../src/http/assets/', import.meta.url)), ...brand.files]);
  const adapter = new ReplyAdapter({
    origin: settings.issuer,
    hsts: settings.hsts,
    views: views(assets, brand, core.languages),
    present: (page, request) => present(core.languages, page, request),
    assets,
    trustedProxies: new TrustedProxies(settings.trustedProxies),
    log,
    observe: (answered) => core.counters.answered(answered),
    dispatchDirectly: outside.dispatchDirectly,
  });
  // Whose commit is done reads the answer, and comes again, while the others' requests are worked on.
  outside.store.onTold(adapter.sendWaiting);
  return {
    core,
    module: AppModule.of(core),
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

/** What follows once Nest has built the application, before it is initialized. */
export function completeApp(app: INestApplication): INestApplication {
  app.get(OpenApi).serve(app);
  return app;
}

/** What every module is given; commands use it without a server. */
export function createCore(outside: Outside & { readonly node?: NodeNumber | undefined }): Core {
  return {
    ...outside,
    counters: outside.counters ?? new Counters(),
    languages: new Languages(outside.settings),
    keyring: new Keyring(secretKeys(outside.settings)),
    selectors: new SelectorSource(outside.node?.value ?? drawCommandNumber()),
    processActor: outside.processActor ?? null,
  };
}

function secretKeys(settings: Settings): readonly Buffer[] {
  if (settings.secretKeys !== undefined) return settings.secretKeys;
  const file = keyFileOf(settings);
  if (file === undefined) throw new Error('GATEHOUSE_SECRET_KEY is required with this database');
  return loadOrCreateKeyFile(file);
}

/** The model of a page in its language: that of its reader, as far as it is a page that people meet. */
function present(languages: Languages, page: ShownPage, request: IncomingMessage | undefined): object {
  const isStaffs = modulesWithStaffViews.some((name) => page.view.startsWith(`${name}/`));
  const catalogue = isStaffs
    ? languages.of('en')
    : languages.choose(page.languages, request?.headers['accept-language']);
  return { ...(said(page.model, catalogue) as object), language: catalogue.language };
}

function views(assets: StaticAssets, brand: Brand, languages: Languages): Views {
  const source = new URL('../src/', import.meta.url);
  return new Views(
    [
      { folder: new URL('http/views/', source) },
      ...[...modulesWithPeoplesViews, ...modulesWithStaffViews].map((name) => ({
        folder: new URL(`${name}/views/`, source),
        prefix: name,
      })),
    ],
    {
      helpers: {
        asset: (name: unknown) => assets.url(String(name)),
        t: textHelper(languages),
        product: () => brand.name,
        logo: () => assets.url(brand.logo),
        brandSheet: () => (brand.sheet === undefined ? undefined : assets.url(brand.sheet)),
      },
      required: [
        'error',
        'interaction/login',
        'interaction/consent',
        'interaction/client-error',
        'interaction/second-factor',
        'factors/recovery-codes',
        'interaction/sign-up',
        'interaction/forgot-password',
        'interaction/set-password',
        'interaction/password-set',
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
