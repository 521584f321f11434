import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { runPostgres } from '../../../scripts/lib/postgres-process.mjs';
import { Audit } from './lib/audit.mjs';
import { Changes } from './lib/changes.mjs';
import { Copies } from './lib/copies.mjs';
import { sqliteIn, temporaryFolder } from './lib/folder.mjs';
import { Load } from './lib/load.mjs';
import { peopleOf } from './lib/people.mjs';
import { Provider } from './lib/provider.mjs';
import { eventually, pause } from './lib/time.mjs';

/**
 * The newest migration is reverted and applied again under load: a process that lacks it says that it is not
 * ready, and works again when it is there. Nothing that was answered is lost by it. One time the command makes it, the next
 * time another process that starts.
 */
export async function migration(report, { short }) {
  await migrationOn(report, { name: 'SQLite', settings: sqliteIn(temporaryFolder()), rounds: short ? 1 : 4 });
  if (short) return;
  const postgres = await runPostgres({ durable: true });
  const settings = { GATEHOUSE_DATABASE_URL: postgres.url, GATEHOUSE_DATA_DIR: temporaryFolder() };
  await migrationOn(report, { name: 'PostgreSQL', settings, rounds: 4 });
  await postgres.end();
}

async function migrationOn(whole, { name, settings, rounds }) {
  const report = whole.named(name);
  const provider = await Provider.create({ ...settings, GATEHOUSE_SECRET_KEY: randomBytes(32).toString('base64') });
  const people = await peopleOf(provider, 5);
  const changes = await Changes.of(provider);
  const load = new Load(people, { tolerant: true, changes });
  const taken = new Copies({ provider, load, changes });
  await changes.prepare(4);
  load.begin();
  for (let round = 1; round <= rounds; round++) {
    await load.waitForMore(60, 30_000);
    await downAndUp(report, { provider, load, taken, round });
  }
  await load.waitForMore(60, 30_000);
  await load.end();
  report.answers('no answer but the right one where the schema is whole', load);
  report.check('every request was answered', load.requests.unanswered === 0, `${load.requests.unanswered} were not`);
  if (taken.list.length > 0) await taken.check(report);
  const audit = new Audit(provider, changes);
  await audit.compare(load, { refused: 'doubtful' });
  audit.print(report);
  await provider.stop();
}

async function downAndUp(report, { provider, load, taken, round }) {
  load.lenient = true;
  await takeMigration(taken, `down ${round}`, () => provider.command(['migrate', 'down', '--json']));
  report.check('without the newest migration it is not ready', await isReady(provider, 503), `round ${round}`);
  const refusal = await Provider.at({ ...provider.environment, GATEHOUSE_MIGRATE: 'off' }).then(
    (started) => started.stop().then(() => 'it started'),
    ({ message }) => message,
  );
  report.check('a process that must not make it does not start', /migrate up/.test(refusal), refusal.slice(0, 300));
  const makeAgain = async () => {
    if (round % 2 === 1) return provider.command(['migrate', 'up', '--json']);
    await (await Provider.at(provider.environment)).stop();
  };
  await takeMigration(taken, `up ${round}`, makeAgain);
  const began = Date.now();
  report.check('with it, it is ready by itself', await isReady(provider, 200), `after ${Date.now() - began} ms`);
  await pause(500);
  load.lenient = false;
}

/** The copy that a migration leaves of a SQLite database is one more copy to check. */
async function takeMigration(taken, name, make) {
  const { GATEHOUSE_DATABASE_URL: url } = taken.provider.environment;
  if (!url.startsWith('sqlite:')) return make();
  const file = url.slice('sqlite:'.length);
  const copiesNow = () => readdirSync(dirname(file)).filter((each) => each.startsWith(`${basename(file)}.before-`));
  const before = copiesNow();
  await taken.take(name, undefined, make);
  const made = copiesNow().filter((each) => !before.includes(each));
  if (made.length !== 1) throw new Error(`${name} left ${made.length} copies of the database`);
  taken.list.at(-1).url = `sqlite:${join(dirname(file), made[0])}`;
}

function isReady(provider, status) {
  return eventually(async () => (await provider.http.send('/readyz')).status === status, 10_000);
}
