import { Audit } from './lib/audit.mjs';
import { Changes } from './lib/changes.mjs';
import { sqliteIn } from './lib/folder.mjs';
import { Load } from './lib/load.mjs';
import { checkReads, checkWritesRefused } from './lib/outage.mjs';
import { peopleOf } from './lib/people.mjs';
import { Provider } from './lib/provider.mjs';
import { mountSmallDisk } from './lib/small-disk.mjs';
import { eventually, pause } from './lib/time.mjs';

/** A full disk refuses writes with 503, lets reads through, and is forgotten as soon as there is room again. */
export async function diskFull(report, { short }) {
  const disk = mountSmallDisk(24);
  if (disk === undefined) {
    report.skip('only root on Linux may mount a disk that can be filled');
    return;
  }
  const provider = await Provider.create(sqliteIn(disk.folder));
  const people = await peopleOf(provider, 5);
  const changes = await Changes.of(provider);
  const load = new Load(people, { tolerant: true, changes });
  const { pid } = provider.child;
  const audit = new Audit(provider, changes);

  load.begin();
  await load.waitForMore(60, 30_000);
  const reader = load.chains.find(({ accessTokens }) => accessTokens.length > 0).accessTokens[0];
  for (let time = 1; time <= (short ? 1 : 3); time++) {
    const before = load.requests.unavailable;
    disk.fill();
    // What was freed in the log before is still written to; then nothing is left.
    const filled = await eventually(
      () => {
        disk.fill();
        return load.requests.unavailable >= before + 20;
      },
      30_000,
      100,
    );
    report.check(
      'on a full disk writes are refused with 503 and Retry-After',
      filled,
      `${load.requests.unavailable - before}`,
    );
    await checkWritesRefused(report, provider, people.at(-1), () => disk.fill());
    await checkReads(report, provider, reader);
    await pause(500);
    report.check('the process is alive', provider.isAlive && provider.child.pid === pid);

    disk.empty();
    const began = Date.now();
    const answered = load.requests.answered;
    const back = await eventually(async () => (await provider.http.send('/readyz')).status === 200, 10_000);
    const works = await eventually(() => load.requests.answered > answered + 20, 20_000);
    report.check(
      'with room again it writes again, with no restart',
      back && works && provider.child.pid === pid && provider.isAlive,
      `after ${Date.now() - began} ms`,
    );
  }
  await load.end();
  report.answers('no other answer than the right one and a clear 503', load);
  report.check('every request was answered', load.requests.unanswered === 0, `${load.requests.unanswered} were not`);
  await audit.compare(load);
  audit.print(report);
  report.check('it ends with 0', (await provider.stop()).code === 0);
}
