import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { runPostgres } from '../../../scripts/lib/postgres-process.mjs';
import { Audit } from './lib/audit.mjs';
import { Changes } from './lib/changes.mjs';
import { Copies } from './lib/copies.mjs';
import { sqliteIn, temporaryFolder } from './lib/folder.mjs';
import { Load } from './lib/load.mjs';
import { peopleOf } from './lib/people.mjs';
import { administer } from './lib/postgres.mjs';
import { Provider } from './lib/provider.mjs';

/** A backup and a copy that are made under load show one moment, and the load does not notice. */
export async function copies(report, { short }) {
  const postgres = short ? undefined : await runPostgres({ durable: true });
  await copiesOf(report, { name: 'SQLite', settings: sqliteIn(temporaryFolder()), postgres, rounds: short ? 1 : 4 });
  if (postgres === undefined) return;
  const settings = { GATEHOUSE_DATABASE_URL: postgres.url, GATEHOUSE_DATA_DIR: temporaryFolder() };
  await copiesOf(report, { name: 'PostgreSQL', settings, postgres, rounds: 4 });
  await postgres.end();
}

async function copiesOf(whole, { name, settings, postgres, rounds }) {
  const report = whole.named(name);
  const provider = await Provider.create({
    ...settings,
    GATEHOUSE_SECRET_KEY: randomBytes(32).toString('base64'),
  });
  const people = await peopleOf(provider, 5);
  const changes = await Changes.of(provider);
  const load = new Load(people, { changes });
  const taken = new Copies({ provider, load, changes });
  await changes.prepare(8);
  load.begin();
  for (let round = 1; round <= rounds; round++) await takeAll({ taken, name, postgres, round });
  await load.waitForMore(40, 30_000);
  await load.end();
  report.answers('no answer but the right one while copies are made', load);
  report.check('every request was answered', load.requests.unanswered === 0, `${load.requests.unanswered} were not`);
  await taken.check(report);
  const audit = new Audit(provider, changes);
  await audit.compare(load);
  audit.print(report);
  await provider.stop();
}

async function takeAll({ taken, name, postgres, round }) {
  const { provider, load } = taken;
  const folder = temporaryFolder();
  const copyTo = (url) => provider.command(['store', 'copy', '--to', url, '--from-snapshot', '--json']);
  const within = async (title, url, make) => {
    await load.waitForMore(40, 30_000);
    await taken.take(`${name}, ${title} ${round}`, url, make);
  };
  if (name === 'SQLite') {
    const file = join(folder, 'backup.sqlite');
    await within('backup', `sqlite:${file}`, () => provider.command(['backup', '--to', file, '--json']));
  }
  const file = `sqlite:${join(folder, 'copy.sqlite')}`;
  await within('store copy to SQLite', file, () => copyTo(file));
  if (postgres === undefined) return;
  const database = `${name.toLowerCase()}_copy_${round}`;
  await administer(postgres.url, `CREATE DATABASE ${database}`);
  const url = Object.assign(new URL(postgres.url), { pathname: `/${database}` }).href;
  // A first copy that is out of date when it is made again.
  await copyTo(url);
  await within('store copy to PostgreSQL, run again', url, () => copyTo(url));
}
