import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { benchFolder, root } from '../lib/root.mjs';
import { chart } from './chart.mjs';
import { hasFailed, isComplete, markdown } from './table.mjs';

/** Prints the report. A full run's is kept: figures, table and chart; a quick or partial one's lies in data/bench. */
export function report(results) {
  const text = markdown(results);
  process.stdout.write(`${text}\n`);
  if (hasFailed(results)) process.exitCode = 1;
  const keep = !results.quick && isComplete(results) && !hasFailed(results);
  const folder = keep ? join(benchFolder, 'results') : join(root, 'data/bench');
  mkdirSync(folder, { recursive: true });
  write(join(folder, `${results.date}.json`), `${JSON.stringify(rounded(results), null, 1)}\n`);
  write(join(folder, 'README.md'), text);
  write(keep ? join(root, 'docs/benchmark.svg') : join(folder, 'benchmark.svg'), chart(results));
}

function write(path, text) {
  writeFileSync(path, text);
  process.stderr.write(`wrote ${path}\n`);
}

/** Four digits are more than the measurement knows. */
function rounded(value) {
  if (typeof value === 'number') return Number.isInteger(value) ? value : Number(value.toPrecision(4));
  if (Array.isArray(value)) return value.map(rounded);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, rounded(each)]));
}
