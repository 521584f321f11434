import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry } from 'prom-client';
import type { Log } from '@gatehouse/platform/telemetry/log';
import type { LoadedSettings } from '../config/settings.js';
import { closeUnacceptedConnections } from './connection-handover.js';
import { serveMetrics } from '../monitoring/metrics-server.js';
import { logOf, type RunningServer } from './server.js';

/** The message that tells a worker to shut down gracefully. */
export const endMessage = 'end';

/** A worker that dies sooner than this after its start is replaced after a pause, to avoid a busy loop. */
const quickDeathMilliseconds = 2_000;
const maxQuickDeaths = 10;
/** How long a signal to the process group may take to arrive in this process after a worker received it. */
const signalMilliseconds = 200;

/** The worker processes of one port. */
export interface RunningWorkers extends RunningServer {
  /** Resolves when all workers listen. @throws Error when one cannot start */
  readonly started: Promise<unknown>;
}

/** Runs `settings.workers` processes on one port, and replaces those that die. They can be stopped while they start. */
export async function runWorkers(settings: LoadedSettings): Promise<RunningWorkers> {
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
  private readonly running = new Set<Worker>();

  constructor(private readonly log: Log) {}

  /** Resolves when the worker listens or a shutdown has started; rejects when it ends before that. */
  start(): Promise<void> {
    const startedAt = Date.now();
    const worker = cluster.fork();
    closeUnacceptedConnections(worker);
    this.running.add(worker);
    return new Promise((resolve, reject) => {
      let listened = false;
      worker.on('message', (message: unknown) => {
        if (message !== 'listening') return;
        listened = true;
        listeningWorkers.add(worker);
        // A message sent before the worker listened to messages was lost.
        if (this.ending) sendEnd(worker);
        resolve();
      });
      worker.on('exit', (code, signal) => {
        this.running.delete(worker);
        if (listened) {
          if (!this.ending) this.replace(startedAt, { code, signal });
          return;
        }
        // A signal to the process group ends a worker that does not ignore it yet; the same signal is about to arrive here.
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
      [...this.running].map(
        (worker) =>
          new Promise<void>((resolve, reject) => {
            worker.once('exit', (code, signal) => {
              // A worker that was not listening yet had nothing to finish.
              if (code === 0 || !listeningWorkers.has(worker)) resolve();
              else reject(new Error(`a worker ended with ${signal ?? code}`));
            });
            sendEnd(worker);
          }),
      ),
    );
  }

  private replace(startedAt: number, death: { readonly code: number; readonly signal: string }): void {
    // The log redacts fields called `code`, which is also the name of a credential.
    const { code: exitCode, signal } = death;
    this.log.error({ exitCode, signal }, 'a worker died and is replaced');
    const quick = Date.now() - startedAt < quickDeathMilliseconds;
    this.quickDeaths = quick ? this.quickDeaths + 1 : 0;
    if (this.quickDeaths > maxQuickDeaths) throw new Error('workers die immediately after their start');
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

/** Workers that have reported that they listen. */
const listeningWorkers = new WeakSet<Worker>();

function sendEnd(worker: Worker): void {
  // It may have exited before this process is notified.
  if (worker.isConnected()) worker.send(endMessage, () => undefined);
}

function isEndSignal(signal: string | null): boolean {
  return signal === 'SIGTERM' || signal === 'SIGINT';
}
