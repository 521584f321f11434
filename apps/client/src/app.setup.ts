import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Clock, SystemClock } from '@gatehouse/server/clock';
import type { Store } from '@gatehouse/server/database/store';
import { Outbound } from '@gatehouse/server/outbound/guarded-fetch';
import type { Log } from '@gatehouse/server/telemetry/log';
import { nestLogger } from '@gatehouse/server/telemetry/nest-logger';
import { ReplyAdapter } from '@gatehouse/server/web/express-adapter';
import { StaticAssets } from '@gatehouse/server/web/static-assets';
import { TrustedProxies } from '@gatehouse/server/web/trusted-proxies';
import { Views } from '@gatehouse/server/web/views';
import { AppModule } from './app.module.js';
import type { ClientSettings } from './config/settings.js';
import type { ProviderFetch } from './providers/provider-fetch.js';
import { ProvidersService } from './providers/providers.service.js';

export interface ClientAppOptions {
  readonly settings: ClientSettings;
  readonly store: Store;
  readonly log: Log;
  /** Left out: the machine's. */
  readonly clock?: Clock | undefined;
  /** Left out: the guarded HTTP client. */
  readonly providerFetch?: ProviderFetch | undefined;
}

/** From dist and from src alike: both lie at the same depth. */
const source = new URL('../src/', import.meta.url);

/** The client as main and every test run it; the provider of the settings is kept, nothing listens yet. */
export async function createClientApp(options: ClientAppOptions): Promise<NestExpressApplication> {
  const { settings, store, log, clock = new SystemClock() } = options;
  const assets = new StaticAssets(['client.css', 'icon.svg'].map((name) => new URL(`http/assets/${name}`, source)));
  const adapter = new ReplyAdapter({
    views: viewsWith(assets),
    origin: settings.baseUrl,
    assets,
    trustedProxies: new TrustedProxies(settings.trustedProxies),
    log,
  });
  const providerFetch = options.providerFetch ?? guardedFetch(settings);
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.with({ settings, store, clock, log, providerFetch }),
    adapter,
    { logger: nestLogger(log), abortOnError: false },
  );
  await app.init();
  const { providerSeed } = settings;
  if (providerSeed) await store.run((unit) => app.get(ProvidersService).seed(unit, providerSeed, clock.now()));
  return app;
}

function guardedFetch(settings: ClientSettings): ProviderFetch {
  const outbound = new Outbound({ allow: settings.outboundAllow, userAgent: 'Gatehouse-Client' });
  return { fetch: (url, options) => outbound.fetch(url, requestInit(options)) };
}

/** openid-client's options are those of fetch, but say `undefined` where fetch wants nothing. */
function requestInit({ body, headers, method, redirect, signal }: Parameters<ProviderFetch['fetch']>[1]): RequestInit {
  return {
    method,
    headers,
    redirect,
    ...(body === undefined ? {} : { body: body as NonNullable<RequestInit['body']> }),
    ...(signal ? { signal } : {}),
  };
}

/** Each module keeps its own pages. */
function viewsWith(assets: StaticAssets): Views {
  const roots = ['providers', 'login', 'flow', 'logout', 'home'].map((module) => ({
    folder: new URL(`${module}/views/`, source),
    prefix: module,
  }));
  return new Views([{ folder: new URL('http/views/', source) }, ...roots], {
    helpers: { asset: (name: string) => assets.url(name) },
    required: [
      'error',
      'home/home',
      'login/choose',
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
