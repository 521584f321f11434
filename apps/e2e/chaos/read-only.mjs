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

/** PostgreSQL takes no writes for some seconds, in each of the ways in which that happens, and then does again. */
export async function readOnly(report, { short }) {
  const postgres = await runPostgres({ durable: true, standby: true });
  const primary = new URL(postgres.url);
  const address = await Address.to(Number(primary.port));
  const provider = await Provider.create({
    GATEHOUSE_DATABASE_URL: `postgres://${primary.username}:${primary.password}@127.0.0.1:${address.port}${primary.pathname}`,
    GATEHOUSE_DATA_DIR: temporaryFolder(),
    GATEHOUSE_SECRET_KEY: randomBytes(32).toString('base64'),
  });
  const people = await peopleOf(provider, 5);
  const changes = await Changes.of(provider);
  const load = new Load(people, { tolerant: true, changes });
  const audit = new Audit(provider, changes);
  const { pid } = provider.child;
  const ways = waysOf({ postgres, address });
  for (const way of short ? ['server', 'standby'] : [...Object.keys(ways), ...Object.keys(ways)]) {
    await changes.prepare();
    load.begin();
    await refusesMeanwhile(report, { way, ...ways[way], load, provider, seconds: short ? 2 : 6 });
    await load.end();
    await audit.compare(load, { refused: 'doubtful' });
  }
  await changes.check(audit, { all: true });
  audit.print(report);
  report.answers('no other answer than the right one and a clear 503', load);
  report.check('every request was answered', load.requests.unanswered === 0, `${load.requests.unanswered} were not`);
  report.check('with no restart', provider.isAlive && provider.child.pid === pid);
  report.check('it ends with 0', (await provider.stop()).code === 0);
  address.close();
  await postgres.end();
}

/** Each with how it begins and how it ends. */
function waysOf({ postgres, address }) {
  const { url, standbyUrl } = postgres;
  const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gatehouse'`;
  const write = 'SET default_transaction_read_only = off';
  return {
    // Open sessions are read-only from their next transaction on.
    server: {
      begin: () => administer(url, 'ALTER SYSTEM SET default_transaction_read_only = on', 'SELECT pg_reload_conf()'),
      end: () => administer(url, write, 'ALTER SYSTEM RESET default_transaction_read_only', 'SELECT pg_reload_conf()'),
    },
    // New sessions only, so that some are and some are not.
    role: {
      begin: () => administer(url, 'ALTER ROLE gatehouse SET default_transaction_read_only = on', cut),
      end: () => administer(url, write, 'ALTER ROLE gatehouse RESET default_transaction_read_only'),
    },
    // The address leads to a standby, which has never taken a write, and back.
    standby: {
      begin: async () => {
        address.pointTo(Number(new URL(standbyUrl).port));
        await administer(url, cut);
      },
      end: () => address.pointTo(Number(new URL(url).port)),
    },
  };
}

async function refusesMeanwhile(report, { way, begin, end, load, provider, seconds }) {
  await load.waitForMore(60, 30_000);
  const { unavailable } = load.requests;
  await begin();
  const refused = await eventually(() => load.requests.unavailable > unavailable + 10, 10_000);
  report.check(`${way}: writes to a read-only database are refused with 503`, refused);
  const ready = await eventually(async () => (await provider.http.send('/readyz')).status === 503, 5_000);
  report.check(`${way}: readiness says so`, ready);
  await pause(seconds * 1_000);
  await end();
  const began = Date.now();
  const { answered } = load.requests;
  const works = await eventually(() => load.requests.answered > answered + 20, 10_000);
  report.check(`${way}: writes again under load`, works, `after ${Date.now() - began} ms`);
  const readyAgain = await eventually(async () => (await provider.http.send('/readyz')).status === 200, 5_000);
  await pause(500);
  const late = load.requests.unavailable;
  await pause(1_000);
  report.check(`${way}: ready, and nothing is refused any more`, readyAgain && load.requests.unavailable === late);
}
