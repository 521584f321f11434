import { loadavg } from 'node:os';
import { quantile } from './statistics.mjs';

/** Measures slices of all sides alternately, in rotating order; the first round is a warm-up and does not count. */
export async function measureInTurns(sides, repetitions, slice) {
  const measured = sides.map(({ name }) => ({ name, slices: [] }));
  for (let round = 0; round <= repetitions; round++)
    for (let turn = 0; turn < sides.length; turn++) {
      const index = (turn + round) % sides.length;
      const result = await slice(sides[index]);
      if (round > 0) measured[index].slices.push(result);
    }
  return measured;
}

/**
 * Prints the ratio of each side to the first, computed per round, because other load affects slices close in time alike.
 * @param units the unit of each measured value, by its key in a slice
 */
export function printRatios(title, measured, units) {
  const [first, ...others] = measured;
  console.log(`\n${title}, ${first.slices.length} slices of each side, load average ${loadavg()[0].toFixed(1)}`);
  for (const [key, unit] of Object.entries(units)) {
    console.log(`  ${unit}: median (25th to 75th percentile)`);
    for (const { name, slices } of measured)
      console.log(
        `    ${name}: ${spread(
          slices.map((slice) => slice[key]),
          0,
        )}`,
      );
    for (const { name, slices } of others) {
      const ratios = slices.map((slice, round) => slice[key] / first.slices[round][key]);
      console.log(`    ${name} ÷ ${first.name}: ${spread(ratios, 2)}`);
    }
  }
}

function spread(values, digits) {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(values, share).toFixed(digits));
  return `${middle} (${low} to ${high})`;
}
