// npm run bench:growth: the cost of introspection and refresh with 1,000 and with 1,000,000 stored users, clients and tokens.
import '../scripts/lib/node-version.mjs';
import { parseArgs } from 'node:util';
import { Failure, runMain } from '../scripts/lib/failure.mjs';
import { prepare } from './lib/prepare.mjs';

const usage = `Usage: npm run bench:growth -- [options]
  --sizes N,N          numbers of users, clients, grants, access and refresh tokens (1000,1000000)
  --repetitions N      repetitions of every slice (5)
  --seconds S          duration of a slice (2)
  --quick              10,000 instead of a million, short slices; writes figures only to data/bench`;

await runMain(async () => {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        sizes: { type: 'string' },
        repetitions: { type: 'string' },
        seconds: { type: 'string' },
        quick: { type: 'boolean' },
      },
    }));
  } catch (error) {
    throw new Failure(`${error.message}\n\n${usage}`);
  }
  const sizes = (values.sizes ?? (values.quick ? '1000,10000' : '1000,1000000')).split(',').map(Number);
  const repetitions = Number(values.repetitions ?? (values.quick ? 2 : 5));
  const seconds = Number(values.seconds ?? (values.quick ? 0.5 : 2));
  if (![...sizes, repetitions, seconds].every((number) => number > 0 && number <= 5_000_000) || sizes.length !== 2)
    throw new Failure(usage);
  await prepare();
  await (
    await import('./growth/measure-growth.mjs')
  ).measureGrowth({ sizes, repetitions, seconds, quick: values.quick === true });
});
