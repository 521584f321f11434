import { SystemClock } from '@gatehouse/platform/clock';
import { CannotOpenStore, openStore } from '@gatehouse/platform/database/open-store';
import { nodeProblem } from '@gatehouse/platform/node-releases';
import { warnAboutDeprecatedNames } from '@gatehouse/platform/settings/describe-settings';
import { SettingsError } from '@gatehouse/platform/settings/settings';
import { createLog } from '@gatehouse/platform/telemetry/log';
import { createClientApp } from './application.js';
import { loadSettings, settingsDefinition } from '../config/settings.js';
import { entities, migrations } from '../schema.js';

/** Maximum duration of a shutdown; the documented limit is 10 s. */
const shutdownMilliseconds = 8_000;

/** Starts the client with the settings of the environment, and stops it on SIGTERM or SIGINT. */
export async function run(): Promise<void> {
  const settings = loadSettings(process.env);
  const log = createLog({ level: settings.logLevel, name: 'client' });
  const nodeWarning = nodeProblem(process.versions.node, new SystemClock().now());
  if (nodeWarning !== undefined) log.warn({}, nodeWarning);
  warnAboutDeprecatedNames(settingsDefinition, settings.sources, log);
  const { databaseUrl: url, migrate } = settings;
  const store = await openStore({ url, migrate, entities, migrations });
  const app = await createClientApp({ settings, store, log });
  await app.listen(settings.port, settings.host);
  process.stdout.write(`listening on ${settings.baseUrl}\n`);

  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    setTimeout(() => process.exit(0), shutdownMilliseconds).unref();
    void app
      .close()
      .then(() => store.close())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, 'the shutdown failed');
          process.exit(1);
        },
      );
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
}

/** A message for errors that the operator can fix, otherwise the stack. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code;
  const isActionable =
    error instanceof SettingsError || error instanceof CannotOpenStore || code === 'EADDRINUSE' || code === 'EACCES';
  return isActionable ? error.message : (error.stack ?? error.message);
}
