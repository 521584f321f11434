import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry } from 'prom-client';
import type { Log } from '@gatehouse/platform/telemetry/log';
import type { Settings } from '../config/settings.js';
import { closeUnacceptedConnections } from './connection-handover.js';
import { serveMetrics } from '../monitoring/metrics-server.js';
import { logOf, type RunningServer } from './server.js';

/** What tells a worker to finish what it does and end. */
export const endMessage = 'end';

/** A worker that dies sooner than this after its start is started again with a pause, so that a broken one does not spin. */
const quickDeathMilliseconds = 2_000;
const maxQuickDeaths = 10;
/** How long a signal that a worker got may take to arrive here too. */
const signalMilliseconds = 200;

/** The processes on one port. */
export interface RunningWorkers extends RunningServer {
  /** When all of them listen. @throws Error when one cannot start */
  readonly started: Promise<unknown>;
}

/** Keeps `settings.workers` processes on one port: one that dies is replaced. They may be ended while they start. */
export async function runWorkers(settings: Settings): Promise<RunningWorkers> {
  const log = logOf(settings);
  const workers = new Workers(log);
  const aggregator = new AggregatorRegistry();
  const metrics =
    settings.metricsPort === undefined
      ? undefined
      : await serveMetrics(
          { host: settings.metricsHost, port: settings.metricsPort },
          {
            contentType: aggregator.contentType,
            metrics: () => aggregator.clusterMetrics(),
          },
          log,
        );
  return {
    log,
    started: Promise.all(Array.from({ length: settings.workers }, () => workers.start())),
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

  /** Resolves when the worker listens, or is not wanted any more; rejects when it ends by itself before that. */
  start(): Promise<void> {
    const startedAt = Date.now();
    const worker = cluster.fork();
    closeUnacceptedConnections(worker);
    this.alive.add(worker);
    return new Promise((resolve, reject) => {
      let listened = false;
      worker.on('message', (message: unknown) => {
        if (message !== 'listening') return;
        listened = true;
        listening.add(worker);
        // What it was told before it listened to messages is lost.
        if (this.ending) tell(worker);
        resolve();
      });
      worker.on('exit', (code, signal) => {
        this.alive.delete(worker);
        if (listened) {
          if (!this.ending) this.replace(startedAt, { code, signal });
          return;
        }
        // A signal to the whole group ends a worker that is not far enough to ignore it; ours is being read meanwhile.
        const wait = isEndSignal(signal) ? signalMilliseconds : 0;
        setTimeout(() => {
          if (this.ending) resolve();
          else reject(new Error(`a worker could not start (${signal ?? code})`));
        }, wait);
      });
    });
  }

  async end(): Promise<void> {
    this.ending = true;
    await Promise.all(
      [...this.alive].map(
        (worker) =>
          new Promise<void>((resolve, reject) => {
            worker.once('exit', (code, signal) => {
              // One that did not listen yet had nothing to finish.
              if (code === 0 || !listening.has(worker)) resolve();
              else reject(new Error(`a worker ended with ${signal ?? code}`));
            });
            tell(worker);
          }),
      ),
    );
  }

  private replace(startedAt: number, death: { readonly code: number; readonly signal: string }): void {
    // `code` is the name of a credential, which the log leaves out.
    const { code: exitCode, signal } = death;
    this.log.error({ exitCode, signal }, 'a worker died and is replaced');
    const quick = Date.now() - startedAt < quickDeathMilliseconds;
    this.quickDeaths = quick ? this.quickDeaths + 1 : 0;
    if (this.quickDeaths > maxQuickDeaths) throw new Error('workers die as soon as they start');
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

/** Those that said that they listen. */
const listening = new WeakSet<Worker>();

function tell(worker: Worker): void {
  // It may be gone a moment before its exit is known here.
  if (worker.isConnected()) worker.send(endMessage, () => undefined);
}

function isEndSignal(signal: string | null): boolean {
  return signal === 'SIGTERM' || signal === 'SIGINT';
}
