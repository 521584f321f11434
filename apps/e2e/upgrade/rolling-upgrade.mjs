import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { runPostgres } from '../../../scripts/lib/postgres-process.mjs';
import { Audit } from '../chaos/lib/audit.mjs';
import { sqliteIn, temporaryFolder } from '../chaos/lib/folder.mjs';
import { Load } from '../chaos/lib/load.mjs';
import { peopleOf } from '../chaos/lib/people.mjs';
import { Provider } from '../chaos/lib/provider.mjs';
import { RoundRobin } from '../chaos/lib/round-robin.mjs';
import { Site } from '../chaos/lib/site.mjs';
import { eventually, waitUntil } from '../chaos/lib/time.mjs';

const redirectUri = 'https://client.example/callback';

/**
 * Two processes of the previous release serve under load. The database is upgraded under them, then one process after the
 * other is replaced; then all are stopped, the migrations are reverted, and the previous release serves again.
 * @param previous its programs
 * @param content populate(), addEnded() and examine(): one of everything that must work, or must stay refused
 */
export async function rollingUpgrade(report, { engine, previous, content, requests }) {
  const stage = await prepare({ engine, previous });
  const { first, site } = stage;
  const examined = { base: site.base, issuer: site.base, now: () => Math.floor(Date.now() / 1000) };
  const held = await content.populate(examined, (words, input) => first.command(words, input));
  const examine = (when) => check(report, { when, examined, held, content });
  const people = await peopleOf(site, 5);
  const run = { report, people, requests, audit: new Audit(site), ...stage };

  const replaced = await upgrade(run, async (versions) => {
    const { tried, wrong } = await content.examineLinkAcrossVersions(examined, versions, held);
    report.all('both versions serve: a link refused by the other version works when it is opened again', tried, wrong);
    await examine('both versions serve the upgraded database');
  });
  await examine('the new version serves alone');
  await content.addEnded(examined, (words, input) => replaced[0].command(words, input), held);
  await rollBack(run, replaced);
  await examine('the previous release serves again');
  run.audit.print(report);
  for (const provider of run.old) report.check('it ends with 0', (await provider.stop()).code === 0);
  site.http.close();
  await run.proxy.close();
  await run.stop();
}

async function prepare({ engine, previous }) {
  const postgres = engine === 'PostgreSQL' ? await runPostgres({ durable: true }) : undefined;
  const folder = temporaryFolder();
  const proxy = await RoundRobin.start();
  // Passkeys need a host name.
  const base = proxy.base.replace('127.0.0.1', 'localhost');
  const environment = {
    ...sqliteIn(folder),
    ...(postgres ? { GATEHOUSE_DATABASE_URL: postgres.url } : {}),
    GATEHOUSE_SECRET_KEY: randomBytes(32).toString('base64'),
    GATEHOUSE_ISSUER: base,
    GATEHOUSE_HOST: '127.0.0.1',
  };
  const first = await Provider.at(environment, previous);
  const old = [first, await Provider.at(environment, previous)];
  for (const each of old) proxy.add(each.base);
  const site = new Site(base);
  site.client = await first.command([
    ...['client', 'add', '--name', 'Load', '--redirect-uri', redirectUri, '--json'],
    ...['--grant-type', 'authorization_code', '--grant-type', 'refresh_token'],
    ...['--scope', 'openid profile offline_access'],
  ]);
  site.client.redirect_uri = redirectUri;
  return { proxy, environment, old, first, site, stop: () => postgres?.end() };
}

/**
 * @param examineBoth called with the address of a process of each version while both serve
 * @returns the processes of the new version
 */
async function upgrade({ report, people, requests, audit, proxy, environment, old }, examineBoth) {
  const load = new Load(people);
  const more = async (what) => {
    const { answered } = load.requests;
    const goesOn = await eventually(() => load.requests.answered >= answered + requests, 120_000);
    report.check(`${what}: requests are answered`, goesOn, `${load.requests.answered - answered}`);
  };
  load.begin();
  await more('before');
  // Applies the migrations while the old processes serve.
  const replaced = [await Provider.at({ ...environment })];
  await more('the old version serves the upgraded database alone');
  proxy.add(replaced[0].base);
  await more('both versions serve');
  await examineBoth({ newer: replaced[0].base, older: old[0].base });
  const codes = [];
  for (const each of old) {
    if (replaced.length < old.length) {
      replaced.push(await Provider.at({ ...environment }));
      proxy.add(replaced.at(-1).base);
    }
    proxy.remove(each.base);
    codes.push((await each.end('SIGTERM')).code);
  }
  await more('the new version serves alone');
  await load.end();
  report.check('the old processes end with 0', codes.join() === '0,0', codes.join());
  report.check('every request of the upgrade was answered', load.requests.unanswered === 0);
  report.all('no answer but the right one', load.requests.answered, load.faults);
  await audit.compare(load, { refused: 'doubtful' });
  return replaced;
}

/** As docs/operations.md says: stop, back up, revert the migrations, start the older version. */
async function rollBack({ report, people, requests, audit, proxy, environment, old }, replaced) {
  const load = new Load(people);
  load.begin();
  await waitUntil(`${requests} responses`, () => load.requests.answered >= requests, 120_000);
  await load.end();
  for (const each of replaced) {
    proxy.remove(each.base);
    await each.end('SIGTERM');
  }
  const [newer] = replaced;
  if (environment.GATEHOUSE_DATABASE_URL.startsWith('sqlite:'))
    await newer.command(['backup', '--to', join(environment.GATEHOUSE_DATA_DIR, 'before-rollback.sqlite'), '--json']);
  const reverted = [];
  for (const _migration of await laterMigrations(old[0]))
    reverted.push((await newer.command(['migrate', 'down', '--json'])).reverted);
  report.check('the previous release knows every migration that is left', (await laterMigrations(old[0])).length === 0);
  report.check(
    'the migrations that the previous release does not know are reverted',
    reverted.length > 0,
    `${reverted.length}`,
  );
  for (const each of old) {
    await each.start();
    proxy.add(each.base);
  }
  await audit.compare(load);
  const after = new Load(people);
  after.begin();
  const serves = await eventually(() => after.requests.answered >= requests, 120_000);
  await after.end();
  report.check('the previous release answers', serves, `${after.requests.answered}`);
  report.all('and nothing but the right answer', after.requests.answered, after.faults);
  await audit.compare(after, { refused: 'doubtful' });
}

/** What the older version's `migrate status` shows as applied by a later version. */
async function laterMigrations(older) {
  const { migrations } = await older.command(['migrate', 'status', '--json']);
  return migrations.filter(({ known }) => known === false);
}

/** A code of an authenticator app counts once: each examination waits for a new one. */
async function check(report, { when, examined, held, content }) {
  const step = Math.floor(examined.now() / 30);
  await waitUntil('the next code of an authenticator app', () => Math.floor(examined.now() / 30) > step, 35_000);
  const { tried, wrong } = await content.examine(examined, held);
  report.all(`${when}: what is held works, what ended is refused`, tried, wrong);
}
