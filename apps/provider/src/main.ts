import { SystemClock } from '@gatehouse/server/clock';
import { openStore } from '@gatehouse/server/database/open-store';
import { createLog, type Log } from '@gatehouse/server/telemetry/log';
import { createApp } from './app.setup.js';
import { loadSettings, settingsWithoutEffect } from './config/settings.js';
import { entities, migrations } from './database/entities.js';
import { FirstStart } from './ops/first-start.service.js';

const shutdownMilliseconds = 9_000;

/** Starts the provider by the environment's settings, and ends it on SIGTERM or SIGINT. */
async function main(): Promise<void> {
  const settings = loadSettings(process.env);
  const log = createLog({ level: settings.logLevel, name: 'provider', format: process.stdout.isTTY ? 'text' : 'json' });
  for (const name of settingsWithoutEffect(settings)) log.warn({ setting: name }, 'this setting has no effect in this version');
  const store = await openStore({ url: settings.databaseUrl, entities, migrations, migrate: settings.migrate });
  const app = await createApp({ settings, store, clock: new SystemClock(), log });
  await app.init();
  const firstStart = app.get(FirstStart);
  await firstStart.prepareKeys();
  const admin = await firstStart.prepareAdmin();

  await app.listen(settings.port, settings.host);
  endOn(['SIGTERM', 'SIGINT'], log, async () => {
    await app.close();
    await store.close();
  });
  if (admin) process.stdout.write(`set the password of ${admin.username}: ${admin.link}\n`);
  process.stdout.write(`listening on ${settings.issuer}\n`);
}

/** Stops accepting, finishes what runs, and exits with 0; a second signal, or too long a wait, cuts it short. */
function endOn(signals: readonly NodeJS.Signals[], log: Log, end: () => Promise<void>): void {
  let ending = false;
  for (const signal of signals)
    process.on(signal, () => {
      if (ending) process.exit(1);
      ending = true;
      setTimeout(() => process.exit(1), shutdownMilliseconds).unref();
      end().then(
        () => process.exit(0),
        (error: unknown) => {
          log.fatal({ err: error }, 'the shutdown failed');
          process.exit(1);
        },
      );
    });
}

main().catch((error: unknown) => {
  process.stderr.write(`${explain(error)}\n`);
  process.exit(1);
});

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'EADDRINUSE') return `${error.message}: something else listens there; set GATEHOUSE_PORT to another port`;
  const expected = ['SettingsError', 'CannotOpenStore', 'CannotStart', 'KeyFileError'].includes(error.name);
  return expected ? error.message : (error.stack ?? error.message);
}
