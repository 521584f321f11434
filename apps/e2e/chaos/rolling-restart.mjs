import { Audit } from './lib/audit.mjs';
import { Changes } from './lib/changes.mjs';
import { sqliteIn, temporaryFolder } from './lib/folder.mjs';
import { Load } from './lib/load.mjs';
import { peopleOf } from './lib/people.mjs';
import { Provider } from './lib/provider.mjs';
import { between, eventually, pause, waitUntil } from './lib/time.mjs';

/** A request this old has arrived: what is sent in the same moment as the end may find its connection closed. */
const arrivedAfter = 100;

/** Workers die and are replaced; an orderly end finishes what runs. */
export async function rollingRestart(report, { short }) {
  const provider = await Provider.create({ ...sqliteIn(temporaryFolder()), GATEHOUSE_WORKERS: '2' });
  const people = await peopleOf(provider, 5);
  const changes = await Changes.of(provider);
  const load = new Load(people, { changes });
  const audit = new Audit(provider, changes);
  const { pid } = provider.child;
  report.check('two workers serve', provider.workers().length === 2, `${provider.workers().length}`);

  for (let death = 1; death <= (short ? 1 : 10); death++) {
    load.begin();
    await pause(between(300, 900));
    const before = provider.workers();
    const victim = before[between(0, before.length - 1)];
    process.kill(victim, 'SIGKILL');
    const replaced = await eventually(() => isReplaced(provider, victim), 15_000);
    const goesOn = await load.goesOn(20, 30_000);
    await load.end();
    report.check(
      'a killed worker is replaced while the other serves',
      replaced && goesOn && provider.child.pid === pid,
    );
    const { unanswered } = load.requests;
    await pause(short ? 3_000 : 1_500);
    load.begin();
    await pause(500);
    await load.end();
    report.check('afterwards every request is answered', load.requests.unanswered === unanswered);
    await audit.compare(load);
  }

  const arrivals = [];
  for (let end = 1; end <= (short ? 1 : 5); end++) {
    load.begin();
    await pause(between(300, 900));
    // Logins take long: their passwords are hashed.
    const logins = await Promise.all(
      [...people, ...people, ...people, ...people].map((person) => person.another().prepareLogin()),
    );
    const browsers = logins.map((submit) => submit());
    const outcomes = Promise.allSettled(browsers);
    await pause(arrivedAfter + 20);
    const arrived = [...provider.http.flying].filter(({ since }) => since <= Date.now() - arrivedAfter);
    load.running = false;
    const began = Date.now();
    const { code, signal } = await provider.end('SIGTERM');
    const took = Date.now() - began;
    await Promise.all([load.end(), outcomes]);
    report.check('SIGTERM under load ends it with 0', code === 0, `${signal ?? code} after ${took} ms`);
    arrivals.push(...arrived);
    report.check('no answer ended in the middle', provider.http.truncated === 0, `${provider.http.truncated}`);
    await provider.start();
    await audit.compare(load);
  }
  const lost = arrivals.filter(({ unanswered }) => unanswered).map(({ path }) => path.split('?')[0]);
  report.all('what had arrived was answered', arrivals.length, lost);
  for (const started of short ? [400] : [50, 200, 400, 600, 800, 1000, 1500])
    for (const group of [false, true]) {
      await replaceWorker(provider);
      await pause(started);
      await checkEnd(report, provider, { group, when: `a worker started ${started} ms before` });
      await provider.start();
    }
  await provider.stop();
  for (const started of short ? [400] : [0, 100, 200, 400, 600, 800, 1000, 1500]) {
    provider.launch();
    // Before its workers it prepares the database, and a signal then ends it at once.
    await waitUntil('the workers start', () => provider.workers().length > 0, 10_000, 10);
    await pause(started);
    await checkEnd(report, provider, { group: true, when: `its workers started ${started} ms before` });
  }
  await provider.start();
  audit.print(report);
  report.answers('no answer but the right one under load', load);
  report.note(`${load.requests.answered} answered, ${load.requests.unanswered} cut off`);
  report.check('it ends with 0', (await provider.stop()).code === 0);
}

async function replaceWorker(provider) {
  const [victim] = provider.workers();
  process.kill(victim, 'SIGKILL');
  await waitUntil('the killed worker is replaced', () => isReplaced(provider, victim), 10_000);
}

function isReplaced(provider, victim) {
  const now = provider.workers();
  return now.length === 2 && !now.includes(victim);
}

async function checkEnd(report, provider, { group, when }) {
  const began = Date.now();
  const { code, signal } = await (group ? provider.endGroup('SIGTERM') : provider.end('SIGTERM'));
  report.check(
    `SIGTERM${group ? ' to the whole group' : ''} ends it with 0 when ${when}`,
    code === 0,
    `${signal ?? code} after ${Date.now() - began} ms`,
  );
}
