import { randomBytes } from 'node:crypto';
import { runPostgres } from '../../../scripts/lib/postgres-process.mjs';
import { Audit } from './lib/audit.mjs';
import { Changes } from './lib/changes.mjs';
import { temporaryFolder } from './lib/folder.mjs';
import { Load } from './lib/load.mjs';
import { peopleOf } from './lib/people.mjs';
import { Provider } from './lib/provider.mjs';
import { eventually, pause } from './lib/time.mjs';

/** While PostgreSQL is away the provider says so, and when it is back, so is the provider. */
export async function postgresAway(report, { short }) {
  const postgres = await runPostgres({ durable: true });
  const provider = await Provider.create({
    GATEHOUSE_DATABASE_URL: postgres.url,
    GATEHOUSE_DATA_DIR: temporaryFolder(),
    GATEHOUSE_SECRET_KEY: randomBytes(32).toString('base64'),
  });
  const people = await peopleOf(provider, 5);
  const changes = await Changes.of(provider);
  const load = new Load(people, { tolerant: true, changes });
  const audit = new Audit(provider, changes);
  const { pid } = provider.child;
  const own = await people[0].authorize();
  await own.redeem();

  load.begin();
  for (const how of short ? ['crash'] : ['stop', 'crash', 'stop', 'crash']) {
    await load.waitForMore(60, 30_000);
    const { unavailable } = load.requests;
    await postgres.tell(how);
    const refused = await eventually(() => load.requests.unavailable > unavailable + 10, 15_000);
    report.check(
      `${how}: requests are refused with 503 and Retry-After`,
      refused,
      `${load.requests.unavailable - unavailable}`,
    );
    await checkAway(report, provider, { how, token: own.refreshToken });
    await pause(short ? 500 : 3_000);
    await checkAway(report, provider, { how, token: own.refreshToken });

    await postgres.tell('start');
    const began = Date.now();
    const { answered } = load.requests;
    const ready = await eventually(async () => (await provider.http.send('/readyz')).status === 200, 10_000);
    report.check(`${how}: ready again by itself`, ready, `after ${Date.now() - began} ms`);
    const works = await eventually(() => load.requests.answered > answered + 20, 10_000);
    const same = provider.isAlive && provider.child.pid === pid;
    await own.refresh().catch(() => undefined);
    report.check(`${how}: a refresh token that was refused with 503 is still good`, !own.refused);
    report.check(`${how}: works again with no restart`, works && same, `after ${Date.now() - began} ms`);
  }
  await load.end();
  report.answers('no other answer than the right one and a clear 503', load);
  report.check('every request was answered', load.requests.unanswered === 0, `${load.requests.unanswered} were not`);
  // The connection may have broken after the commit: then even a 503 leaves its sender in doubt.
  await audit.compare(load, { refused: 'doubtful' });
  audit.print(report);
  report.check('it ends with 0', (await provider.stop()).code === 0);
  await postgres.end();
}

async function checkAway(report, provider, { how, token }) {
  const ready = await provider.http.send('/readyz');
  report.check(
    `${how}: readiness says so`,
    ready.status === 503 && ready.headers['retry-after'] !== undefined,
    `${ready.status}`,
  );
  const alive = await provider.http.send('/healthz');
  report.check(`${how}: it is alive`, alive.status === 200, `${alive.status}`);
  const refused = await provider.refresh(token);
  report.check(
    `${how}: the token endpoint answers 503`,
    refused.status === 503 && refused.headers['retry-after'] !== undefined,
    `${refused.status}`,
  );
}
