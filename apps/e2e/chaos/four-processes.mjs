import { randomBytes } from 'node:crypto';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { runPostgres } from '../../../scripts/lib/postgres-process.mjs';
import { Audit } from './lib/audit.mjs';
import { Changes } from './lib/changes.mjs';
import { temporaryFolder } from './lib/folder.mjs';
import { Load } from './lib/load.mjs';
import { peopleOf } from './lib/people.mjs';
import { Provider } from './lib/provider.mjs';
import { RoundRobin } from './lib/round-robin.mjs';
import { Site } from './lib/site.mjs';
import { eventually, pause, waitUntil } from './lib/time.mjs';

/** Four processes on one PostgreSQL, behind a proxy that sends every request to another one: nothing lives in a process. */
export async function fourProcesses(report, { short }) {
  const postgres = await runPostgres({ durable: true });
  const proxy = await RoundRobin.start();
  const environment = {
    GATEHOUSE_DATABASE_URL: postgres.url,
    GATEHOUSE_DATABASE_CONNECTIONS: '6',
    GATEHOUSE_DATA_DIR: temporaryFolder(),
    GATEHOUSE_SECRET_KEY: randomBytes(32).toString('base64'),
    GATEHOUSE_ISSUER: proxy.base,
    GATEHOUSE_HOST: '127.0.0.1',
  };
  const first = await Provider.create(environment);
  const providers = [first];
  while (providers.length < 4) providers.push(await Provider.at(environment));
  for (const { base } of providers) proxy.add(base);
  const site = new Site(proxy.base);
  site.client = first.client;
  site.admin = first.admin;

  await hoppingLogin(report, site, proxy);
  const people = await peopleOf(site, 5);
  const changes = await Changes.of(site);
  const audit = new Audit(site, changes);
  for (let time = 1; time <= (short ? 1 : 3); time++) {
    await oneIsKilled(report, { people, providers, proxy, audit });
    await keysAreRotated(report, { people, providers, proxy, audit, first });
    await databaseRestarts(report, { people, providers, postgres, audit });
    await rollingRestart(report, { people, providers, proxy, audit });
  }
  audit.print(report);
  const codes = [];
  for (const provider of providers) codes.push((await provider.stop()).code);
  report.check('all end with 0', codes.join() === '0,0,0,0', codes.join());
  site.http.close();
  await proxy.close();
  await postgres.end();
}

async function hoppingLogin(report, site, proxy) {
  const [person] = await peopleOf(site, 1, 'hopping');
  const from = proxy.trace.length;
  const chain = await (await loggedIn(person)).authorize();
  await chain.redeem();
  await chain.refresh();
  const went = proxy.trace.slice(from);
  const hops = went.slice(1).filter((target, index) => target !== went[index]).length;
  report.check(
    'a login whose every request lands on another process ends in tokens that refresh',
    hops === went.length - 1 && new Set(went).size === 4,
    `${went.length} requests, ${hops} hops over ${new Set(went).size} processes`,
  );
}

async function loggedIn(person) {
  const browser = person.another();
  await browser.logIn();
  return browser;
}

/** Under load, without a fault: what comes back is checked in both directions. */
async function under(load, audit, work) {
  load.begin();
  await load.waitForMore(40, 20_000);
  await work();
  await load.end();
  return (await audit.compare(load, { refused: 'doubtful' })).chains;
}

async function oneIsKilled(report, { people, providers, proxy, audit }) {
  const load = new Load(people, { changes: audit.changes });
  const [victim] = providers;
  await under(load, audit, async () => {
    await victim.end('SIGKILL');
    const { answered } = load.requests;
    const goesOn = await eventually(() => load.requests.answered > answered + 40, 20_000);
    report.check('one process is killed: the others go on', goesOn, `${load.requests.unanswered} cut off with it`);
    proxy.remove(victim.base);
    const { unanswered } = load.requests;
    await pause(500);
    report.check('afterwards every request is answered', load.requests.unanswered === unanswered);
    await victim.start();
    proxy.add(victim.base);
  });
  report.answers('no answer but the right one', load);
}

async function keysAreRotated(report, { people, providers, audit, first }) {
  const load = new Load(people, { changes: audit.changes });
  let rotated = [];
  const times = [];
  const chains = await under(load, audit, async () => {
    const before = await keysAt(first);
    await first.command(['keys', 'rotate', '--now', '--json']);
    const began = Date.now();
    for (const provider of providers) {
      await waitUntil(
        'a process shows the new keys',
        async () => (await keysAt(provider)).size > before.size,
        5_000,
        20,
      );
      times.push(Date.now() - began);
    }
    rotated = [...(await keysAt(first))].filter((kid) => !before.has(kid));
    const { answered } = load.requests;
    await waitUntil('60 more responses', () => load.requests.answered > answered + 60, 20_000);
  });
  report.check(
    'keys are rotated while requests fly: every process shows the new ones within a second',
    rotated.length > 0 && times.every((time) => time < 1000),
    `${times.join(', ')} ms`,
  );
  report.check('no request was lost by it', load.requests.unanswered === 0, `${load.requests.unanswered}`);
  report.answers('no answer but the right one', load);
  const tokens = chains.flatMap(({ idTokens }) => idTokens);
  const wrong = [];
  const kids = new Set();
  for (const provider of providers) {
    const keys = createLocalJWKSet(JSON.parse((await provider.http.send('/.well-known/jwks.json')).text));
    for (const token of tokens)
      await jwtVerify(token, keys, { issuer: people[0].provider.base }).then(
        ({ protectedHeader }) => kids.add(protectedHeader.kid),
        (error) => wrong.push(`${provider.base}: ${error.message}`),
      );
  }
  report.all('every ID token, signed before or after, verifies by the keys of every process', tokens.length, wrong);
  report.check(
    'old and new keys both signed meanwhile',
    rotated.some((kid) => kids.has(kid)) && [...kids].some((kid) => !rotated.includes(kid)),
  );
}

async function keysAt(provider) {
  const { keys } = JSON.parse((await provider.http.send('/.well-known/jwks.json')).text);
  return new Set(keys.map(({ kid }) => kid));
}

async function databaseRestarts(report, { people, providers, postgres, audit }) {
  const load = new Load(people, { tolerant: true, changes: audit.changes });
  const pids = providers.map(({ child }) => child.pid).join();
  await under(load, audit, async () => {
    await postgres.tell('crash');
    const refused = await eventually(() => load.requests.unavailable > 10, 15_000);
    report.check('the database is away: requests are refused with 503 and Retry-After', refused);
    const ready = await Promise.all(providers.map(async ({ http }) => (await http.send('/readyz')).status));
    report.check('every process says that it is not ready', ready.join() === '503,503,503,503', ready.join());
    await postgres.tell('start');
    const began = Date.now();
    const back = await eventually(async () => {
      const now = await Promise.all(providers.map(async ({ http }) => (await http.send('/readyz')).status));
      return now.join() === '200,200,200,200';
    }, 15_000);
    const { answered } = load.requests;
    const works = await eventually(() => load.requests.answered > answered + 20, 15_000);
    const same = pids === providers.map(({ child }) => child.pid).join() && providers.every(({ isAlive }) => isAlive);
    report.check(
      'the database is back: so is every process, with no restart',
      back && works && same,
      `after ${Date.now() - began} ms`,
    );
  });
  report.answers('no other answer than the right one and a clear 503', load);
  report.check('every request was answered', load.requests.unanswered === 0, `${load.requests.unanswered} were not`);
}

/** As behind any load balancer: it is told first, then the process. */
async function rollingRestart(report, { people, providers, proxy, audit }) {
  const load = new Load(people, { changes: audit.changes });
  const codes = [];
  await under(load, audit, async () => {
    for (const provider of providers) {
      proxy.remove(provider.base);
      codes.push((await provider.end('SIGTERM')).code);
      await provider.start();
      const ready = await eventually(async () => (await provider.http.send('/readyz')).status === 200, 10_000);
      if (!ready) codes.push('not ready');
      proxy.add(provider.base);
      await pause(200);
    }
  });
  report.check('a rolling restart under load: each process ends with 0', codes.join() === '0,0,0,0', codes.join());
  report.check(
    'and no request is lost',
    load.requests.unanswered === 0 && load.requests.answered > 100,
    `${load.requests.answered} answered, ${load.requests.unanswered} not`,
  );
  report.answers('no answer but the right one', load);
}
