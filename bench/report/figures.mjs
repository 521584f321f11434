import { goals, otherGoals } from '../lib/goals.mjs';
import { median, ratios } from '../lib/statistics.mjs';

export const subject = 'gatehouse-sqlite';

/** Medians of one side in one workload over the repetitions; undefined if there are none. */
export function figuresOf(results, workloadKey, sideKey) {
  const measured = results.workloads.find(({ key }) => key === workloadKey)?.sides[sideKey];
  if (!measured || measured.slices.length === 0 || measured.failure !== undefined) return undefined;
  const of = (field) => median(measured.slices.map((slice) => slice[field]));
  const cpu = measured.slices.map((slice) => slice.cpu);
  return {
    cpu: median(cpu),
    cpuLeast: Math.min(...cpu),
    cpuMost: Math.max(...cpu),
    cpuPostgres: measured.slices.some((slice) => 'postgres' in slice.cpuParts)
      ? median(measured.slices.map((slice) => slice.cpuParts.postgres))
      : undefined,
    rate: of('rate'),
    p50: of('p50'),
    p99: of('p99'),
    p50AtOne: measured.ones.length > 0 ? median(measured.ones.map((slice) => slice.p50)) : undefined,
    slices: measured.slices,
  };
}

function limitShare(results, key, of) {
  const cpuOf = (workload) => figuresOf(results, workload, 'limit')?.slices.map(({ cpu }) => cpu);
  const own = cpuOf(key);
  const reference = cpuOf(of);
  return own && reference && ratios(reference, own).median;
}

/** Compares the subject with both values of each goal, pairwise within each repetition. */
export function comparisons(results, sideKey = subject) {
  return Object.entries(goals).flatMap(([key, goal]) => {
    const own = figuresOf(results, key, sideKey);
    if (!own) return [];
    const against = (other) =>
      other &&
      ratios(
        other.slices.map((slice) => slice.cpu),
        own.slices.map((slice) => slice.cpu),
      );
    return [
      {
        key,
        goal,
        share: against(figuresOf(results, goal.of ?? key, 'limit')),
        // The limit's own share, if the reference is another workload.
        limitShare: goal.of && limitShare(results, key, goal.of),
        times: against(figuresOf(results, key, 'oidc-provider')),
      },
    ];
  });
}

/** The goals that are not ratios: name, goal, result, and the limit's result on the same machine. */
export function otherComparisons(results) {
  const rows = [];
  const add = (name, goal, reachedBy, unit) => {
    const reached = reachedBy(subject);
    const limit = reachedBy('limit');
    if (Number.isFinite(reached))
      rows.push({ name, goal, reached, limit: Number.isFinite(limit) ? limit : undefined, unit });
  };
  for (const { key, name, oneGoal } of results.workloads)
    if (oneGoal !== undefined)
      add(
        `p50 on one connection: ${name.split(/[:,]/)[0]}`,
        oneGoal,
        (side) => figuresOf(results, key, side)?.p50AtOne,
        'ms',
      );
  const { underLogins, memory, starts } = results;
  add(
    'p99 of token requests while password logins saturate the hash pool',
    otherGoals.tokenP99UnderLogins,
    (side) => underLogins[side]?.p99,
    'ms',
  );
  add('resident memory, idle', otherGoals.idleMebibytes, (side) => memory[side]?.idle, 'MiB');
  add('resident memory after all workloads', otherGoals.loadedMebibytes, (side) => memory[side]?.loaded, 'MiB');
  add(
    'start to the first 200 (median)',
    otherGoals.startMilliseconds,
    (side) => median(starts[side]?.milliseconds ?? []),
    'ms',
  );
  return rows;
}
