import { spawnSync } from 'node:child_process';
import { Audit } from './lib/audit.mjs';
import { makeDiskShim } from './lib/disk-shim.mjs';
import { sqliteIn, temporaryFolder } from './lib/folder.mjs';
import { Load } from './lib/load.mjs';
import { checkReads, checkWritesRefused } from './lib/outage.mjs';
import { peopleOf } from './lib/people.mjs';
import { Provider } from './lib/provider.mjs';
import { measureReads, percentile, readingRequests } from './lib/read-times.mjs';
import { eventually } from './lib/time.mjs';

const flushMilliseconds = 10;
const maxMilliseconds = 25;

/**
 * A disk that takes 10 ms for each flush does not hold up whoever only reads, and one whose flushes fail refuses writes
 * with 503, lets reads through and is forgotten as soon as they succeed.
 */
export async function slowDisk(report, { short }) {
  const disk = makeDiskShim();
  if (disk === undefined) {
    report.skip('it needs Linux and a C compiler (apt-get install -y gcc libc6-dev)');
    return;
  }
  const provider = await Provider.create({ ...sqliteIn(temporaryFolder()), ...disk.environment });
  const people = await peopleOf(provider, 5);
  // No passwords: here the disk is to be what is waited for.
  const load = new Load(people, { tolerant: true, logins: false });
  const audit = new Audit(provider);
  const { pid } = provider.child;
  const own = await people[0].authorize();
  await own.redeem();
  const requests = readingRequests(provider, own.accessTokens[0]);

  goFirst(provider.child.pid);
  load.begin();
  const windows = short ? 3 : 8;
  const quick = await measure(windows);
  disk.slow(flushMilliseconds);
  const before = { ...disk.counts(), answered: load.requests.answered };
  const slow = await measure(windows);
  const after = disk.counts();
  disk.slow(0);
  report.check(
    'flushes were slow while reads were measured',
    after.slowed - before.slowed > 100,
    `${after.slowed - before.slowed} flushes, ${load.requests.answered - before.answered} writes answered`,
  );
  const p99 = `p99 of reads with ${flushMilliseconds} ms for each flush`;
  const measured = `${shown(slow)}; on a quick disk ${shown(quick)}`;
  // Another program on the machine can only add to what a read takes: the middle of several windows is ours. The short form
  // has too few of them on a shared machine, so it takes the least disturbed one and compares it with the quick disk of the
  // same run.
  const allowed = 2 * middle(quick.p99s) + maxMilliseconds;
  if (short)
    report.check(
      `${p99} is, in the best window, at most twice that of a quick disk and ${maxMilliseconds} ms`,
      Math.min(...slow.p99s) < allowed,
      measured,
    );
  else report.check(`${p99} is under ${maxMilliseconds} ms`, middle(slow.p99s) < maxMilliseconds, measured);
  report.all('every read was right', slow.count, slow.faults);

  for (let time = 1; time <= (short ? 1 : 3); time++) {
    const { unavailable } = load.requests;
    disk.fail(true);
    const refused = await eventually(() => load.requests.unavailable >= unavailable + 20, 15_000);
    report.check(
      'while flushes fail, writes are refused with 503 and Retry-After',
      refused,
      `${load.requests.unavailable - unavailable}`,
    );
    await checkWritesRefused(report, provider, people.at(-1));
    await checkReads(report, provider, own.accessTokens[0]);
    const { failed } = disk.counts();
    disk.fail(false);
    report.check('it was the disk that failed', failed > 0, `${failed} flushes`);
    const began = Date.now();
    const { answered } = load.requests;
    const back = await eventually(async () => (await provider.http.send('/readyz')).status === 200, 10_000);
    const works = await eventually(() => load.requests.answered > answered + 20, 20_000);
    report.check(
      'when they succeed it writes again, with no restart',
      back && works && provider.isAlive && provider.child.pid === pid,
      `after ${Date.now() - began} ms`,
    );
  }
  await load.end();
  report.answers('no other answer than the right one and a clear 503', load);
  report.check('every request was answered', load.requests.unanswered === 0, `${load.requests.unanswered} were not`);
  await audit.compare(load);
  audit.print(report);
  report.check('it ends with 0', (await provider.stop()).code === 0);
  disk.close();

  async function measure(count) {
    const found = { p99s: [], count: 0, faults: [] };
    for (let window = 0; window < count; window++) {
      const { times, faults } = await measureReads(provider.base, requests, 2000);
      found.p99s.push(percentile(times, 0.99));
      found.count += times.length;
      found.faults.push(...faults);
    }
    return found;
  }
}

/** What else runs on this machine shall not be measured; where that is not allowed, it is. */
function goFirst(pid) {
  for (const each of [pid, process.pid]) spawnSync('chrt', ['-a', '-r', '-p', '1', String(each)]);
}

function middle(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function shown({ p99s, count }) {
  const sorted = p99s.toSorted((a, b) => a - b);
  return `${middle(p99s).toFixed(1)} ms, ${sorted[0].toFixed(1)} to ${sorted.at(-1).toFixed(1)}, ${count} reads`;
}
