import type { DynamicModule, NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Clock, SystemClock } from '@gatehouse/platform/clock';
import type { Store } from '@gatehouse/platform/database/store';
import { Outbound } from '@gatehouse/platform/outbound/guarded-fetch';
import type { Log } from '@gatehouse/platform/telemetry/log';
import { nestLogger } from '@gatehouse/platform/telemetry/nest-logger';
import { ReplyAdapter } from '@gatehouse/platform/http/express-adapter';
import { StaticAssets } from '@gatehouse/platform/http/static-assets';
import { TrustedProxies } from '@gatehouse/platform/http/trusted-proxies';
import { Views } from '@gatehouse/platform/ui/views';
import { AppModule } from '../app.module.js';
import type { ClientSettings } from '../config/settings.js';
import type { ProviderFetch } from '../providers/provider-fetch.js';
import { ProvidersService } from '../providers/providers.service.js';

export interface ClientAppOptions {
  readonly settings: ClientSettings;
  readonly store: Store;
  readonly log: Log;
}

/** The modules and adapter from which Nest builds the client. */
export interface PreparedClientApp {
  readonly module: DynamicModule;
  readonly adapter: ReplyAdapter;
  readonly options: NestApplicationOptions;
}

/** dist and src have the same depth, so this works from both. */
const source = new URL('../../src/', import.meta.url);

/** Builds the client and stores the provider of the settings. The caller starts listening. */
export async function createClientApp(options: ClientAppOptions): Promise<NestExpressApplication> {
  const { module, adapter, options: nestOptions } = prepareClientApp(options);
  const app = await NestFactory.create<NestExpressApplication>(module, adapter, nestOptions);
  return completeClientApp(app, options);
}

/** Everything before Nest builds the application: tests override some of its providers. */
export function prepareClientApp({ settings, store, log }: ClientAppOptions): PreparedClientApp {
  const assets = new StaticAssets(['client.css', 'icon.svg'].map((name) => new URL(`web/assets/${name}`, source)));
  const adapter = new ReplyAdapter({
    views: viewsWith(assets),
    origin: settings.baseUrl,
    hsts: settings.hsts,
    assets,
    trustedProxies: new TrustedProxies(settings.trustedProxies),
    log,
  });
  return {
    module: AppModule.with({ settings, store, clock: new SystemClock(), log, providerFetch: guardedFetch(settings) }),
    adapter,
    options: { logger: nestLogger(log), abortOnError: false },
  };
}

/** Everything after Nest has built the application. */
export async function completeClientApp(
  app: NestExpressApplication,
  { settings, store }: ClientAppOptions,
): Promise<NestExpressApplication> {
  await app.init();
  const { providerSeed } = settings;
  const now = app.get(Clock).now();
  if (providerSeed) await store.run((unit) => app.get(ProvidersService).seed(unit, providerSeed, now));
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

/** Each module has its own views. */
function viewsWith(assets: StaticAssets): Views {
  const roots = ['providers', 'login', 'flow', 'logout', 'home'].map((module) => ({
    folder: new URL(`${module}/views/`, source),
    prefix: module,
  }));
  return new Views([{ folder: new URL('web/views/', source) }, ...roots], {
    helpers: { asset: (name: string) => assets.url(name) },
    required: [
      'error',
      'home/home',
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
