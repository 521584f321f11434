import { Audit } from './lib/audit.mjs';
import { Changes } from './lib/changes.mjs';
import { sqliteIn, temporaryFolder } from './lib/folder.mjs';
import { Load } from './lib/load.mjs';
import { peopleOf } from './lib/people.mjs';
import { Provider } from './lib/provider.mjs';
import { between, pause } from './lib/time.mjs';

/** What was answered survives kill -9 at any moment, and what was spent stays spent. */
export async function kill(report, { short }) {
  const deaths = short ? 6 : 200;
  const provider = await Provider.create(sqliteIn(temporaryFolder()));
  const people = await peopleOf(provider, 5);
  const changes = await Changes.of(provider);
  const load = new Load(people, { changes });
  const audit = new Audit(provider, changes);
  const kept = { chains: [], sessions: [...people] };
  const restarts = [];
  for (let death = 1; death <= deaths; death++) {
    await changes.prepare(1);
    load.begin();
    // By what was answered, not by the clock alone: on a busy machine a death would find nothing.
    await load.waitForMore(between(short ? 8 : 1, 50), 30_000, between(2, 4));
    await pause(between(0, 60));
    await provider.end('SIGKILL');
    await load.end();
    if (death % 10 === 5) {
      // Once more while it starts: it may be in the middle of its recovery.
      provider.launch();
      await pause(between(50, 900));
      await provider.end('SIGKILL');
    }
    restarts.push(
      await provider.start().then(
        () => undefined,
        (error) => error.message,
      ),
    );
    if (restarts.at(-1) !== undefined) break;
    const { chains, sessions } = load.takeLedger();
    await audit.nothingIsMissing(chains, [...sessions.slice(-3), ...people]);
    // Half of the people are left in peace until the end, so that later deaths can harm what they hold.
    const replayed = chains.filter(({ person }) => people.indexOf(person) % 2 === 0);
    await audit.nothingComesBack(replayed);
    kept.chains.push(...chains.filter((chain) => !replayed.includes(chain)));
    kept.sessions.push(...sessions);
    if (death % 20 === 0 && death < deaths) report.note(`${death} of ${deaths} deaths`);
  }
  report.check(
    'the provider starts again after every death',
    restarts.every((one) => one === undefined),
    restarts.find((one) => one !== undefined) ?? `${restarts.length}`,
  );
  if (provider.isAlive) {
    await audit.nothingIsMissing(kept.chains, kept.sessions);
    await audit.nothingComesBack(kept.chains);
    await changes.check(audit, { all: true });
  }
  audit.print(report);
  report.answers('no answer but the right one under load', load);
  report.note(`${load.requests.answered} answered, ${load.requests.unanswered} cut off by a death`);
  await provider.stop();
}
