import type { INestApplication } from '@nestjs/common';
import { AggregatorRegistry } from 'prom-client';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { SystemClock } from '@gatehouse/platform/clock';
import { nodeProblem } from '@gatehouse/platform/node-releases';
import { openStore } from '@gatehouse/platform/database/open-store';
import { createLog, type Log } from '@gatehouse/platform/telemetry/log';
import { createApp } from './application.js';
import type { LoadedSettings } from '../config/settings.js';
import { entities, migrations } from '../schema.js';
import { Counters } from '../monitoring/counters.js';
import { FirstStart } from '../jobs/first-start.service.js';
import { RecordedIssuer } from '../database/recorded-issuer.service.js';
import { serveMetrics } from '../monitoring/metrics-server.js';
import { OutboxWorker } from '../outbox/outbox-worker.js';
import { PasswordHasher } from '../users/credentials/password-hasher.js';

/** A running provider. */
export interface RunningServer {
  readonly log: Log;
  /** Stops accepting requests, finishes running ones, closes the store. */
  end(): Promise<void>;
}

export function logOf(settings: Pick<LoadedSettings, 'logLevel'>): Log {
  return createLog({ level: settings.logLevel, name: 'provider', format: process.stdout.isTTY ? 'text' : 'json' });
}

/** Logs a warning if the version of Node.js is no longer supported. */
export function warnAboutNodeVersion(log: Log, version: string, now: EpochSeconds): void {
  const problem = nodeProblem(version, now);
  if (problem !== undefined) log.warn({}, problem);
}

/** Runs one server process on a database that has been migrated and has keys. */
export async function runServer(
  settings: LoadedSettings,
  options: { readonly metrics: boolean },
): Promise<RunningServer> {
  const log = logOf(settings);
  const counters = new Counters();
  counters.collectProcess();
  // The primary process requests and aggregates the metrics of a worker.
  if (!options.metrics) {
    AggregatorRegistry.setRegistries(counters.registry);
    void new AggregatorRegistry();
  }
  const store = await openStore({
    url: settings.databaseUrl,
    entities,
    migrations,
    migrate: 'off',
    connections: settings.databaseConnections,
    lane: { onCommit: (units, milliseconds) => counters.committed(units, milliseconds) },
  });
  const app = await createApp({
    settings,
    store,
    clock: new SystemClock(),
    log,
    counters,
    development: process.env['NODE_ENV'] === 'development',
  });
  await app.init();
  const hasher = app.get(PasswordHasher);
  counters.watch('gatehouse_password_queue', 'Passwords that wait to be verified.', () => hasher.backlog);
  counters.watchConnections(() => store.connections());
  await app.listen(settings.port, settings.host);
  app.get(OutboxWorker).start();
  const metrics =
    options.metrics && settings.metricsPort !== undefined
      ? await serveMetrics({ host: settings.metricsHost, port: settings.metricsPort }, counters.registry, log)
      : undefined;
  return {
    log,
    end: async () => {
      metrics?.close();
      await app.close();
      await store.close();
    },
  };
}

/**
 * Migrates the database and creates what it needs: keys, an administrator.
 * @returns lines for the terminal: a warning if the database was created with another issuer, and a one-time link for an
 * administrator without a password
 */
export async function prepareDatabase(settings: LoadedSettings): Promise<readonly string[]> {
  const log = logOf(settings);
  const clock = new SystemClock();
  const store = await openStore({
    url: settings.databaseUrl,
    entities,
    migrations,
    migrate: settings.migrate,
    connections: settings.databaseConnections,
    // Without output, a copy that takes minutes looks like a hang.
    onCopy: ({ copiedBytes, totalBytes }) =>
      log.info({ copiedBytes, totalBytes }, 'copying the database before its migration'),
  });
  let app: INestApplication | undefined;
  try {
    app = await createApp({ settings, store, clock, log, leasesGeneratorId: false });
    await app.init();
    const firstStart = app.get(FirstStart);
    await firstStart.prepareKeys();
    const admin = await firstStart.prepareAdmin();
    const recordedIssuer = app.get(RecordedIssuer);
    await recordedIssuer.record(clock.now());
    const warning = await recordedIssuer.warning();
    return [
      ...(warning === undefined ? [] : [`warning: ${warning}`]),
      ...(admin ? [`set the password of ${admin.username}: ${admin.link}`] : []),
    ];
  } finally {
    await app?.close();
    await store.close();
  }
}
