import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry } from 'prom-client';
import type { Log } from '@gatehouse/server/telemetry/log';
import type { Settings } from './config/settings.js';
import { serveMetrics } from './ops/metrics-server.js';
import { logOf, type RunningServer } from './server.js';

/** What tells a worker to finish what it does and end. */
export const endMessage = 'end';

/** A worker that dies sooner than this after its start is started again with a pause, so that a broken one does not spin. */
const quickDeathMilliseconds = 2_000;
const mostQuickDeaths = 10;

/** Keeps `settings.workers` processes on one port: one that dies is replaced. */
export async function runWorkers(settings: Settings): Promise<RunningServer> {
  const log = logOf(settings);
  const workers = new Workers(log);
  const aggregator = new AggregatorRegistry();
  const metrics =
    settings.metricsPort === undefined
      ? undefined
      : await serveMetrics(settings.metricsPort, {
          contentType: aggregator.contentType,
          metrics: () => aggregator.clusterMetrics(),
        });
  await Promise.all(Array.from({ length: settings.workers }, () => workers.start()));
  return {
    log,
    end: async () => {
      metrics?.close();
      await workers.end();
    },
  };
}

class Workers {
  private ending = false;
  private quickDeaths = 0;
  private readonly alive = new Set<Worker>();

  constructor(private readonly log: Log) {}

  /** Resolves when the worker listens; rejects when the first start already fails. */
  start(): Promise<void> {
    const startedAt = Date.now();
    const worker = cluster.fork();
    this.alive.add(worker);
    return new Promise((resolve, reject) => {
      let listened = false;
      worker.on('message', (message: unknown) => {
        if (message !== 'listening') return;
        listened = true;
        // What it was told before it listened to messages is lost.
        if (this.ending) worker.send(endMessage);
        resolve();
      });
      worker.on('exit', (code, signal) => {
        this.alive.delete(worker);
        if (this.ending) return;
        if (!listened) reject(new Error(`a worker could not start (${signal ?? code})`));
        else this.replace(startedAt, { code, signal });
      });
    });
  }

  async end(): Promise<void> {
    this.ending = true;
    await Promise.all(
      [...this.alive].map(
        (worker) =>
          new Promise<void>((resolve, reject) => {
            worker.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))));
            worker.send(endMessage);
          }),
      ),
    );
  }

  private replace(startedAt: number, death: { readonly code: number; readonly signal: string }): void {
    this.log.error(death, 'a worker died and is replaced');
    const quick = Date.now() - startedAt < quickDeathMilliseconds;
    this.quickDeaths = quick ? this.quickDeaths + 1 : 0;
    if (this.quickDeaths > mostQuickDeaths) throw new Error('workers die as soon as they start');
    setTimeout(
      () => {
        if (this.ending) return;
        this.start().catch((error: unknown) => {
          this.log.error({ err: error }, 'a worker could not be replaced');
          this.replace(Date.now(), death);
        });
      },
      quick ? 200 * this.quickDeaths : 0,
    );
  }
}
