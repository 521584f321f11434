import { randomBytes } from 'node:crypto';
import { runPostgres } from '../../../scripts/lib/postgres-process.mjs';
import { Address } from './lib/address.mjs';
import { Audit } from './lib/audit.mjs';
import { Changes } from './lib/changes.mjs';
import { temporaryFolder } from './lib/folder.mjs';
import { Load } from './lib/load.mjs';
import { peopleOf } from './lib/people.mjs';
import { administer } from './lib/postgres.mjs';
import { Provider } from './lib/provider.mjs';
import { eventually, pause } from './lib/time.mjs';

/** PostgreSQL is read-only for a while (in the long form); then its primary dies, and its synchronous standby is promoted. */
export async function failOver(report, { short }) {
  await failOverBy(report, { way: 'several hosts', short });
  if (!short) await failOverBy(report, { way: 'one address', short });
}

async function failOverBy(report, { way, short }) {
  const postgres = await runPostgres({ durable: true, standby: true });
  await administer(postgres.url, `ALTER SYSTEM SET synchronous_standby_names = '*'`, 'SELECT pg_reload_conf()');
  const primary = new URL(postgres.url);
  const standby = new URL(postgres.standbyUrl);
  const address = await Address.to(Number(primary.port));
  const hosts = way === 'one address' ? `127.0.0.1:${address.port}` : `${primary.host},${standby.host}`;
  const provider = await Provider.create({
    GATEHOUSE_DATABASE_URL: `postgres://${primary.username}:${primary.password}@${hosts}${primary.pathname}`,
    GATEHOUSE_DATA_DIR: temporaryFolder(),
    GATEHOUSE_SECRET_KEY: randomBytes(32).toString('base64'),
  });
  const people = await peopleOf(provider, 5);
  const changes = await Changes.of(provider);
  const load = new Load(people, { tolerant: true, changes });
  const audit = new Audit(provider, changes);
  load.begin();
  await load.waitForMore(60, 30_000);
  if (!short) await beReadOnly(report, { way, load, url: postgres.url });

  const { unavailable } = load.requests;
  await postgres.tell('crash');
  const refused = await eventually(() => load.requests.unavailable > unavailable + 10, 15_000);
  report.check(`${way}: without a primary, requests are refused with 503`, refused, `${load.requests.unavailable}`);
  await administer(postgres.standbyUrl, 'SELECT pg_promote()');
  // The promoted server has no standby of its own.
  await administer(postgres.standbyUrl, `ALTER SYSTEM SET synchronous_standby_names = ''`, 'SELECT pg_reload_conf()');
  address.pointTo(Number(standby.port));
  const began = Date.now();
  const { answered } = load.requests;
  const works = await eventually(() => load.requests.answered > answered + 20, 10_000);
  report.check(`${way}: works on the promoted standby by itself`, works, `after ${Date.now() - began} ms`);
  report.check(`${way}: ready`, (await provider.http.send('/readyz')).status === 200);
  await load.end();
  report.answers(`${way}: no other answer than the right one and a clear 503`, load);
  await audit.compare(load, { refused: 'doubtful' });
  audit.print(report);
  report.check(`${way}: it ends with 0`, (await provider.stop()).code === 0);
  address.close();
  await postgres.end();
}

async function beReadOnly(report, { way, load, url }) {
  const { unavailable } = load.requests;
  // For new sessions only, as with ALTER ROLE and as behind an address that leads to another server for a while.
  await administer(url, 'ALTER ROLE gatehouse SET default_transaction_read_only = on');
  await administer(url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gatehouse'`);
  await pause(4_000);
  report.check(`${way}: a read-only database is refused with 503`, load.requests.unavailable > unavailable);
  await administer(url, 'BEGIN READ WRITE; ALTER ROLE gatehouse RESET default_transaction_read_only; COMMIT');
  const began = Date.now();
  const { answered } = load.requests;
  const works = await eventually(() => load.requests.answered > answered + 20, 10_000);
  report.check(`${way}: writes again under load`, works, `after ${Date.now() - began} ms`);
  await pause(500);
  const late = load.requests.unavailable;
  await pause(1_000);
  report.check(`${way}: no refusal is left of it`, load.requests.unavailable === late);
}
