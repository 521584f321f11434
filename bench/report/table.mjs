import { workersGoal } from '../lib/goals.mjs';
import { median, ratios } from '../lib/statistics.mjs';
import { comparisons, figuresOf, otherComparisons, subject } from './figures.mjs';

/** The report as Markdown. */
export function markdown(results) {
  const { machine, options } = results;
  const sections = [
    '# What was measured',
    introduction(results),
    '## Goals\n\nWork per processor time of Gatehouse on SQLite, with its log enabled. *Share of the limit*: 1 is the hand-written server of this benchmark; for the password login, the rate of the hash alone. *× node-oidc-provider*: the factor relative to its work per processor time. In parentheses: minimum and maximum of the repetitions, each a ratio of two slices close in time.',
    goalTable(results),
    otherGoalTable(results),
    '## Processor time per unit, µs\n\nThe whole process tree, median of the repetitions; for PostgreSQL the figure includes its processes, whose part is also given separately.',
    cpuTable(results),
    `## Units per second, and latency of a unit (p50 / p99 in ms), with ${options.connections} connections\n\nThe server has one processor: where it waits for the disk or for the load, the rate is less meaningful than the processor time above.`,
    rateTable(results),
    '## One connection: p50 in ms',
    oneTable(results),
    '## Other measurements',
    restTable(results),
    ...workersSection(results),
    failures(results),
  ];
  if (!machine.pinned)
    sections.splice(
      2,
      0,
      '**Processes were not pinned to processors (no `taskset`, or only one processor): the rates are less reliable.**',
    );
  return `${sections.filter(Boolean).join('\n\n')}\n`;
}

function introduction(results) {
  const { date, quick, machine, options } = results;
  return [
    quick ? '**A quick run for development, not a result.**\n' : '',
    `${date}, commit ${machine.commit ?? 'unknown'}: ${machine.processor}, ${machine.processors} processors, ${machine.system}; Node ${machine.node}, SQLite ${machine.sqlite} (\`synchronous=FULL\` everywhere), node-oidc-provider ${machine.oidcProvider}.`,
    `${options.repetitions} interleaved repetitions of ${options.seconds} s for every side and workload, ${options.connections} keep-alive connections, servers on one processor and the load on another. Load average before and after: ${machine.loadAverageBefore.toFixed(1)}, ${machine.loadAverageAfter.toFixed(1)} (0 before on an idle machine); other processes used ${shareOfOtherProcesses(results)} of the servers' processor during the run (median of the slices). Method and usage: [bench/README.md](../README.md).`,
  ]
    .filter(Boolean)
    .join('\n');
}

function shareOfOtherProcesses({ workloads }) {
  const shares = workloads.flatMap(({ sides }) =>
    Object.values(sides).flatMap(({ slices }) => slices.map(({ disturbed }) => disturbed)),
  );
  const known = shares.filter((share) => share !== undefined);
  return known.length === 0 ? 'an unknown part' : `${Math.round(median(known) * 100)} %`;
}

function goalTable(results) {
  const cell = (comparison, goal) =>
    comparison
      ? `${comparison.median >= goal ? '✓' : '✗'} **${two(comparison.median)}** (${two(comparison.least)}–${two(comparison.most)})`
      : '–';
  const name = (key) => results.workloads.find((workload) => workload.key === key).name;
  return table(
    ['workload', 'share of the limit: goal', 'reached', '× node-oidc-provider: goal', 'reached'],
    comparisons(results).map(({ key, goal, share, limitShare, times }) => [
      name(key),
      goal.share,
      cell(share, goal.share) + (limitShare === undefined ? '' : `; the limit: ${two(limitShare)}`),
      goal.times,
      cell(times, goal.times),
    ]),
  );
}

function otherGoalTable(results) {
  return table(
    ['', 'goal: at most', 'reached', 'the limit here'],
    otherComparisons(results).map(({ name, goal, reached, limit, unit }) => {
      const shown = (value) => `${unit === 'ms' && value < 100 ? two(value) : Math.round(value)} ${unit}`;
      return [
        name,
        shown(goal),
        `${reached <= goal ? '✓' : '✗'} **${shown(reached)}**`,
        limit === undefined ? '–' : shown(limit),
      ];
    }),
  );
}

function perWorkload(results, cell) {
  return table(
    ['workload', ...results.sides.map(({ name }) => name)],
    results.workloads.map((workload) => [
      workload.name,
      ...results.sides.map(({ key }) => {
        const figures = figuresOf(results, workload.key, key);
        return figures === undefined ? (workload.sides[key] ? 'failed' : '–') : cell(figures);
      }),
    ]),
  );
}

function cpuTable(results) {
  return perWorkload(results, ({ cpu, cpuLeast, cpuMost, cpuPostgres }) => {
    const spread = `(${Math.round(cpuLeast)}–${Math.round(cpuMost)})`;
    return `${Math.round(cpu)} ${spread}${cpuPostgres === undefined ? '' : `; PostgreSQL ${Math.round(cpuPostgres)}`}`;
  });
}

function rateTable(results) {
  return perWorkload(results, ({ rate, p50, p99 }) => `${Math.round(rate)}/s; ${two(p50)} / ${two(p99)}`);
}

function oneTable(results) {
  const measured = { ...results, workloads: results.workloads.filter(({ oneGoal }) => oneGoal !== undefined) };
  return perWorkload(measured, ({ p50AtOne }) => (p50AtOne === undefined ? '–' : two(p50AtOne)));
}

function restTable(results) {
  const rows = [
    ['start to the first 200, ms (least–most)', ({ key }) => startOf(results.starts[key].milliseconds)],
    [
      'resident memory idle / after all workloads, MiB',
      ({ key }) => `${Math.round(results.memory[key].idle)} / ${Math.round(results.memory[key].loaded)}`,
    ],
    [
      'token requests while logins saturate the hash: p50 / p99 in ms',
      ({ key }) => under(results.underLogins[key], ({ p50, p99 }) => `${two(p50)} / ${two(p99)}`),
    ],
    ['… and the logins, per second', ({ key }) => under(results.underLogins[key], ({ logins }) => logins.toFixed(1))],
  ];
  return table(
    ['', ...results.sides.map(({ name }) => name)],
    rows.map(([name, cell]) => [name, ...results.sides.map(cell)]),
  );
}

function workersSection({ workers = [] }) {
  return workers.flatMap(({ name, sides, workloads }) => [
    `## Worker processes: ${name}\n\nProcessor time per unit over all processes, µs, on two processors that the load shares; in brackets how many times that of one process, median, least and most (goal: at most ${workersGoal}). What more processors would give is computed in docs/scaling.md, not measured.`,
    table(
      ['workload', ...sides.map((side) => side.name)],
      workloads.map((workload) => [
        workload.name,
        ...sides.map(({ key }) => workersCell(workload.sides[sides[0].key], workload.sides[key], key === sides[0].key)),
      ]),
    ),
  ]);
}

function workersCell(one, measured, isFirst) {
  if (measured.failure !== undefined || one.failure !== undefined) return 'failed';
  const cpu = (side) => side.slices.map((slice) => slice.cpu);
  const shown = String(Math.round(median(cpu(measured))));
  if (isFirst) return shown;
  const times = ratios(cpu(measured), cpu(one));
  return `${shown} (${times.median <= workersGoal ? '✓' : '✗'} ${two(times.median)}; ${two(times.least)}–${two(times.most)})`;
}

function startOf(milliseconds) {
  if (milliseconds.length === 0) return '–';
  return `${Math.round(median(milliseconds))} (${Math.round(Math.min(...milliseconds))}–${Math.round(Math.max(...milliseconds))})`;
}

function under(measured, cell) {
  return measured.failure === undefined ? cell(measured) : 'failed';
}

function failures(results) {
  const lines = results.workloads.flatMap((workload) =>
    results.sides.flatMap(({ key, name }) =>
      workload.sides[key]?.failure === undefined ? [] : [`- ${workload.key}, ${name}: ${workload.sides[key].failure}`],
    ),
  );
  for (const { key, name } of results.sides)
    if (results.underLogins[key].failure !== undefined)
      lines.push(`- token requests under logins, ${name}: ${results.underLogins[key].failure}`);
  for (const { name, workloads } of results.workers ?? [])
    for (const { key, sides } of workloads)
      for (const [workers, { failure }] of Object.entries(sides))
        if (failure !== undefined) lines.push(`- ${key}, ${name} with ${workers} workers: ${failure}`);
  return lines.length === 0 ? '' : `## Failed\n\n${lines.join('\n')}`;
}

/** Whether a measurement failed, which the exit status reports. */
export function hasFailed(results) {
  return failures(results) !== '';
}

export function isComplete(results) {
  return [subject, 'limit', 'oidc-provider'].every((key) => results.sides.some((side) => side.key === key));
}

export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function two(value) {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
