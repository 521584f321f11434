import cluster from 'node:cluster';
import { SystemClock } from '@gatehouse/platform/clock';
import { warnAboutDeprecatedNames } from '@gatehouse/platform/settings/describe-settings';
import type { Log } from '@gatehouse/platform/telemetry/log';
import { loadSettings, settingsDefinition } from '../config/settings.js';
import { logOf, prepareDatabase, runServer, warnAboutNodeVersion, type RunningServer } from './server.js';
import { endMessage, runWorkers } from './workers.js';

const shutdownMilliseconds = 9_000;

/** Starts the provider with the settings of the environment, and stops it on SIGTERM or SIGINT. */
export async function run(): Promise<void> {
  const settings = loadSettings(process.env);
  if (cluster.isWorker) {
    endOn(await runServer(settings, { metrics: false }));
    process.send?.('listening');
    return;
  }
  const log = logOf(settings);
  warnAboutNodeVersion(log, process.versions.node, new SystemClock().now());
  warnAboutDeprecatedNames(settingsDefinition, settings.sources, log);
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
 * Shuts down gracefully and exits with 0, or with 1 after a timeout. Service managers signal a whole process group and
 * wrappers forward signals, so repeated signals are ignored.
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
    // A worker ends when the primary process tells it to or has died; a signal to the process group is for the primary.
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

/** Errors that an operator can fix are printed as their message, all others with the stack. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'EADDRINUSE')
    return `${error.message}: the port is in use; set GATEHOUSE_PORT to another port`;
  const expected = ['SettingsError', 'CannotOpenStore', 'CannotStart', 'KeyFileError'].includes(error.name);
  return expected ? error.message : (error.stack ?? error.message);
}
