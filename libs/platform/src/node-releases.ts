import { epochSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';

/** Last day with fixes of each release line, security fixes included (schedule of the Node.js Release working group). */
const endOfLife: ReadonlyMap<number, string> = new Map([
  [18, '2025-04-30'],
  [19, '2023-06-01'],
  [20, '2026-04-30'],
  [21, '2024-06-01'],
  [22, '2027-04-30'],
  [23, '2025-06-01'],
  [24, '2028-04-30'],
  [25, '2026-06-01'],
]);
const oldestKnown = Math.min(...endOfLife.keys());
const daySeconds = 24 * 3600;

/**
 * A warning when a version of Node.js gets no fixes any more; undefined while it does, and for lines newer than the table.
 * @param version as in `process.versions.node`
 */
export function nodeProblem(version: string, now: EpochSeconds): string | undefined {
  const line = Number(version.split('.')[0]);
  if (line < oldestKnown) return problemOf(version, 'for years');
  const last = endOfLife.get(line);
  if (last === undefined) return undefined;
  // The last day itself still has fixes.
  const ended = epochSeconds(Date.parse(`${last}T00:00:00Z`) / 1000 + daySeconds);
  return now < ended ? undefined : problemOf(version, `since ${last}`);
}

function problemOf(version: string, since: string): string {
  return `Node.js ${version} has had no security fixes ${since}: install a release line that is maintained (https://nodejs.org/en/about/previous-releases)`;
}
