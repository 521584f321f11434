import { Changes } from './lib/changes.mjs';
import { Audit } from './lib/audit.mjs';
import { sqliteIn, temporaryFolder } from './lib/folder.mjs';
import { Load } from './lib/load.mjs';
import { peopleOf } from './lib/people.mjs';
import { Provider } from './lib/provider.mjs';
import { between, each, pause } from './lib/time.mjs';

/** The default of GATEHOUSE_REFRESH_RETRY_WINDOW; after the margin nothing is said about it. */
const windowMilliseconds = 30_000;
const marginMilliseconds = 5_000;

/**
 * With the retry window as it is by default: no kill costs a client its grant. A refresh that was not answered is repeated
 * with success, one that was answered gives the same tokens again, and what was spent before is refused.
 */
export async function retryWindow(report, { short }) {
  const deaths = short ? 2 : 60;
  const provider = await Provider.create({
    ...sqliteIn(temporaryFolder()),
    GATEHOUSE_REFRESH_RETRY_WINDOW: undefined,
  });
  const people = await peopleOf(provider, 5);
  const changes = await Changes.of(provider);
  const load = new Load(people, { changes });
  const audit = new Audit(provider, changes);
  const waiting = [];
  for (let death = 1; death <= deaths; death++) {
    await changes.prepare(1);
    load.begin();
    await load.waitForMore(between(20, 50), 30_000, between(4, 7));
    await pause(between(0, 60));
    await provider.end('SIGKILL');
    await load.end();
    await provider.start();
    const { chains, sessions } = load.takeLedger();
    const late = chains
      .filter(({ refreshIs, refreshedAt }) => refreshIs === 'held' && refreshedAt !== undefined)
      .slice(-2);
    waiting.push(...late);
    await each(
      chains.filter((chain) => !late.includes(chain)),
      (chain) => repeat(audit, chain),
    );
    await audit.nothingIsMissing([], [...sessions.slice(-3), ...people]);
    if (death % 20 === 0 && death < deaths) report.note(`${death} of ${deaths} deaths`);
  }
  if (!short) await afterTheWindow(audit, waiting);
  await changes.check(audit, { all: true });
  audit.print(report, [
    ...['repeatedAnswers', 'unansweredRefreshes', 'spentBefore', 'sessions'],
    ...(short ? [] : ['repeatedTooLate']),
  ]);
  report.answers('no answer but the right one under load', load);
  report.note(`${load.requests.answered} answered, ${load.requests.unanswered} cut off by a death`);
  await provider.stop();
}

async function repeat(audit, chain) {
  if (chain.refreshIs === 'doubtful') await audit.attempt('unansweredRefreshes', () => chain.refresh());
  else if (chain.refreshIs === 'held' && Date.now() < chain.refreshedAt + windowMilliseconds - marginMilliseconds) {
    const { status, text } = await chain.provider.refresh(chain.spentRefreshTokens.at(-1));
    const same = status === 200 && JSON.parse(text).refresh_token === chain.refreshToken;
    audit.note('repeatedAnswers', same, `${status} ${text.slice(0, 80)}`);
    const used = chain.spentRefreshTokens.at(-1);
    await audit.attempt('repeatedAnswers', () => chain.refresh());
    // Its successor was used: a client that still presents it has not lost an answer.
    audit.refused('spentBefore', await chain.provider.refresh(used));
  }
}

/** A repeat later than that revokes the grant. */
async function afterTheWindow(audit, chains) {
  await pause(windowMilliseconds + marginMilliseconds);
  await each(chains, async (chain) => {
    audit.refused('repeatedTooLate', await chain.provider.refresh(chain.spentRefreshTokens.at(-1)));
    audit.refused('repeatedTooLate', await chain.provider.refresh(chain.refreshToken));
  });
}
