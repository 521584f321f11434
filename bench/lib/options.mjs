import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Failure } from '../../scripts/lib/failure.mjs';

const usage = `Usage: npm run bench -- [options]
  --quick                a short run for development; writes figures only to data/bench
  --profile              records CPU profiles of Gatehouse, one per workload, instead of figures
  --workload KEY         only this workload (may be repeated)
  --side KEY             only this side (may be repeated)
  --repetitions N        repetitions of every slice (5; with --quick 2)
  --seconds S            duration of a slice (3; with --quick 0.6)
  --workers              also measures 1, 2 and 4 worker processes (the default of a full run)
  --connections N        keep-alive connections (32)
  --report FILE          only creates the table and chart of an earlier run from its JSON file
  --postgres-url URL     uses a running PostgreSQL, whose processor time is not measured`;

export function readOptions() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        quick: { type: 'boolean' },
        profile: { type: 'boolean' },
        workload: { type: 'string', multiple: true },
        side: { type: 'string', multiple: true },
        repetitions: { type: 'string' },
        seconds: { type: 'string' },
        workers: { type: 'boolean' },
        connections: { type: 'string' },
        report: { type: 'string' },
        'postgres-url': { type: 'string' },
        help: { type: 'boolean' },
      },
    }));
  } catch (error) {
    throw new Failure(`${error.message}\n\n${usage}`);
  }
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  const number = (name, fallback, min, max) => {
    const value = Number(values[name] ?? fallback);
    if (!(value >= min && value <= max))
      throw new Failure(`--${name} must be a number from ${min} to ${max}\n\n${usage}`);
    return value;
  };
  const quick = values.quick === true;
  return {
    quick,
    profile: values.profile === true,
    report: values.report === undefined ? undefined : resolve(values.report),
    workloads: values.workload,
    sides: values.side,
    workers: values.workers ?? !quick,
    postgresUrl: values['postgres-url'],
    repetitions: number('repetitions', quick ? 2 : 5, 1, 50),
    seconds: number('seconds', quick ? 0.6 : 3, 0.1, 60),
    warmUpSeconds: quick ? 0.4 : 1,
    connections: number('connections', 32, 1, 256),
  };
}
