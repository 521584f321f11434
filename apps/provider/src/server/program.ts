import cluster from 'node:cluster';
import { SystemClock } from '@gatehouse/platform/clock';
import type { Log } from '@gatehouse/platform/telemetry/log';
import { loadSettings } from '../config/settings.js';
import { logOf, prepareDatabase, runServer, warnOfNode, type RunningServer } from './server.js';
import { endMessage, runWorkers } from './workers.js';

const shutdownMilliseconds = 9_000;

/** Starts the provider by the environment's settings, and ends it on SIGTERM or SIGINT. */
export async function run(): Promise<void> {
  const settings = loadSettings(process.env);
  if (cluster.isWorker) {
    endOn(await runServer(settings, { metrics: false }));
    process.send?.('listening');
    return;
  }
  warnOfNode(logOf(settings), process.versions.node, new SystemClock().now());
  const lines = await prepareDatabase(settings);
  if (settings.workers > 1) {
    const workers = await runWorkers(settings);
    endOn(workers);
    await workers.started;
  } else endOn(await runServer(settings, { metrics: true }));
  for (const line of lines) process.stdout.write(`${line}\n`);
  process.stdout.write(`listening on ${settings.issuer}\n`);
}

/**
 * Finishes what runs and exits with 0. Service managers signal a whole group, wrappers pass on what they get: the same
 * wish twice is one wish, and only too long a wait cuts it short.
 */
function endOn(server: RunningServer): void {
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(1), shutdownMilliseconds).unref();
    server.end().then(
      () => process.exit(0),
      (error: unknown) => fail(server.log, error),
    );
  };
  if (cluster.isWorker) {
    // A worker ends when the process that started it says so, or is gone; a signal to the group is meant for that one.
    process.on('SIGTERM', () => undefined);
    process.on('SIGINT', () => undefined);
    process.on('message', (message: unknown) => message === endMessage && end());
    process.on('disconnect', end);
    return;
  }
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}

function fail(log: Log, error: unknown): void {
  log.fatal({ err: error }, 'the shutdown failed');
  process.exit(1);
}

/** Errors that the operator can act on are printed as a sentence, all others with their stack. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'EADDRINUSE')
    return `${error.message}: something else listens there; set GATEHOUSE_PORT to another port`;
  const expected = ['SettingsError', 'CannotOpenStore', 'CannotStart', 'KeyFileError'].includes(error.name);
  return expected ? error.message : (error.stack ?? error.message);
}
