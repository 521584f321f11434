import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DataSource } from 'typeorm';
import { ManualClock } from '@gatehouse/platform/clock';
import { openStore, type OpenStore } from '@gatehouse/platform/database/open-store';
import { silentLog } from '@gatehouse/platform/telemetry/log';
import { createClientApp } from '../../src/server/application.js';
import { loadSettings } from '../../src/config/settings.js';
import { entities, migrations } from '../../src/schema.js';
import { ProvidersService } from '../../src/providers/providers.service.js';
import { Browser } from './browser.js';
import { TestProvider } from './test-provider.js';

export const base = 'http://localhost:8000';
export const adminPassword = 'the admin password';

export interface TestClient {
  readonly app: NestExpressApplication;
  readonly store: OpenStore;
  readonly clock: ManualClock;
  readonly provider: TestProvider;
  readonly databaseUrl: string;
  /** The seeded provider's id. */
  readonly providerId: string;
  browser(): Browser;
  /** The same database and provider under other settings. */
  restart(environment: Record<string, string>): Promise<TestClient>;
  /** Ends the client; provider and database stay. */
  stopApp(): Promise<void>;
  stop(): Promise<void>;
}

/** The client as main runs it, on a database of its own, with a provider that is not listed in any book. */
export async function startClient(environment: Record<string, string> = {}): Promise<TestClient> {
  const clock = new ManualClock();
  const provider = new TestProvider(clock);
  await provider.start();
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-client-'));
  const seed = {
    GATEHOUSE_CLIENT_PROVIDER_ISSUER: provider.issuer,
    GATEHOUSE_CLIENT_PROVIDER_CLIENT_ID: provider.clientId,
    GATEHOUSE_CLIENT_PROVIDER_CLIENT_SECRET: provider.clientSecret,
  };
  const database = { GATEHOUSE_CLIENT_DATABASE_URL: await freshDatabase(folder) };
  const started = await run({ ...database, ...seed, ...environment }, clock, provider);
  return {
    ...started,
    stop: async () => {
      await started.stop();
      await provider.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function run(
  environment: Record<string, string>,
  clock: ManualClock,
  provider: TestProvider,
): Promise<TestClient> {
  const settings = loadSettings({
    GATEHOUSE_CLIENT_BASE_URL: base,
    GATEHOUSE_CLIENT_SESSION_SECRET: 'a session secret of at least 32 bytes',
    GATEHOUSE_CLIENT_ADMIN_PASSWORD: adminPassword,
    ...environment,
  });
  const store = await openStore({ url: settings.databaseUrl, migrate: settings.migrate, entities, migrations });
  const app = await createClientApp({ settings, store, log: silentLog(), clock });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const origins = new Map([[base, `127.0.0.1:${port}`]]);
  const [first] = await app.get(ProvidersService).list();
  let running = true;
  const stop = async (): Promise<void> => {
    if (!running) return;
    running = false;
    await app.close();
    await store.close();
  };
  return {
    app,
    store,
    databaseUrl: settings.databaseUrl,
    stopApp: stop,
    clock,
    provider,
    stop,
    providerId: first?.id ?? '',
    browser: () => new Browser(base, origins),
    restart: async (changes) => {
      await stop();
      return run({ ...environment, ...changes }, clock, provider);
    },
  };
}

/** A SQLite file; or, where `TEST_POSTGRES_URL` names a server, a new database there: the same suite runs on both. */
async function freshDatabase(folder: string): Promise<string> {
  const server = process.env['TEST_POSTGRES_URL'];
  if (server === undefined) return `sqlite:${join(folder, 'client.sqlite')}`;
  const name = `client_${randomBytes(6).toString('hex')}`;
  const source = await new DataSource({ type: 'postgres', url: server }).initialize();
  await source.query(`CREATE DATABASE ${name}`);
  await source.destroy();
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}
