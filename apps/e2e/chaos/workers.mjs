import { Audit } from './lib/audit.mjs';
import { Changes } from './lib/changes.mjs';
import { sqliteIn, temporaryFolder } from './lib/folder.mjs';
import { Load } from './lib/load.mjs';
import { peopleOf } from './lib/people.mjs';
import { Provider } from './lib/provider.mjs';
import { between, eventually, pause, waitUntil } from './lib/time.mjs';

/** All workers at once start slowly on a busy machine. */
const patienceMilliseconds = 60_000;

/** Workers on one SQLite database are killed: one, several at once, all, a replacement that is starting, and their parent. */
export async function workers(report, { short }) {
  const count = short ? 2 : 3;
  const provider = await Provider.create({ ...sqliteIn(temporaryFolder()), GATEHOUSE_WORKERS: String(count) });
  const people = await peopleOf(provider, 5);
  const changes = await Changes.of(provider);
  const load = new Load(people, { changes });
  const audit = new Audit(provider, changes);
  const { pid } = provider.child;
  const ways = short
    ? ['one', 'all']
    : Array.from({ length: 48 }, (_, round) => ['one', 'two', 'replacement', 'all'][round % 4]);
  const failures = [];
  for (const way of ways) {
    await underLoad({ load, changes, audit }, () => killWorkers(provider, way));
    if (provider.workers().length !== count || provider.child.pid !== pid || !provider.isAlive)
      failures.push(`${way}: ${provider.said.slice(-300)}`);
  }
  report.all('killed workers are replaced, with no restart', ways.length, failures);
  await parentIsKilled(report, { provider, load, changes, audit });
  await changes.check(audit, { all: true });
  audit.print(report);
  report.answers('no answer but the right one under load', load);
  report.note(`${load.requests.answered} answered, ${load.requests.unanswered} cut off`);
  report.check('it ends with 0', (await provider.stop()).code === 0);
}

/** @param disturb is called in the middle of the load */
async function underLoad({ load, changes, audit }, disturb) {
  await changes.prepare();
  load.begin();
  await load.waitForMore(between(10, 50), 30_000, between(1, 4));
  await pause(between(0, 60));
  await disturb();
  await load.waitForMore(20, patienceMilliseconds);
  await load.end();
  await audit.compare(load, { newestSessions: 3 });
}

async function killWorkers(provider, way) {
  const pids = provider.workers();
  const first = between(0, pids.length - 1);
  if (way === 'all') return pids.forEach(kill);
  kill(pids[first]);
  if (way === 'two') kill(pids[(first + 1) % pids.length]);
  if (way !== 'replacement') return;
  await waitUntil('the replacement starts', () => provider.workers().some((pid) => !pids.includes(pid)), 10_000, 10);
  await pause(between(0, 600));
  provider
    .workers()
    .filter((pid) => !pids.includes(pid))
    .forEach(kill);
}

/** Workers whose parent is gone end, so that the next start finds the port and the database free. */
async function parentIsKilled(report, { provider, load, changes, audit }) {
  await changes.prepare();
  load.begin();
  await pause(between(200, 600));
  const pids = provider.workers();
  await provider.end('SIGKILL');
  const ended = await eventually(() => !pids.some(isAlive), 10_000);
  await load.end();
  report.check('workers end when their parent is killed', ended);
  pids.filter(isAlive).forEach(kill);
  await provider.start();
  await audit.compare(load, { newestSessions: 3 });
}

function kill(pid) {
  if (isAlive(pid)) process.kill(pid, 'SIGKILL');
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
