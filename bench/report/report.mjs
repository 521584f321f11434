import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { benchFolder, root } from '../lib/root.mjs';
import { chart } from './chart.mjs';
import { hasFailed, isComplete, markdown } from './table.mjs';

/** Writes the figures and prints the report: to bench/results for a full run, to data/bench for a quick, partial or failed one. */
export function report(results) {
  const isResult = !results.quick && isComplete(results) && !hasFailed(results);
  const folder = isResult ? join(benchFolder, 'results') : join(root, 'data/bench');
  mkdirSync(folder, { recursive: true });
  write(join(folder, `${results.date}.json`), `${JSON.stringify(rounded(results), null, 1)}\n`);
  if (hasFailed(results)) process.exitCode = 1;
  draw(results, folder, isResult ? join(root, 'docs/benchmark.svg') : join(folder, 'benchmark.svg'));
}

/** Creates table and chart again from stored figures, after the format of the report has changed. */
export function reportAgain(path) {
  const results = JSON.parse(readFileSync(path, 'utf8'));
  const folder = dirname(path);
  draw(
    results,
    folder,
    folder === join(benchFolder, 'results') ? join(root, 'docs/benchmark.svg') : join(folder, 'benchmark.svg'),
  );
}

function draw(results, folder, chartPath) {
  const text = markdown(results);
  process.stdout.write(`${text}\n`);
  write(join(folder, 'README.md'), text);
  write(chartPath, chart(results));
}

function write(path, text) {
  writeFileSync(path, text);
  process.stderr.write(`wrote ${path}\n`);
}

/** Rounds to four significant digits, more than the precision of the measurement. */
function rounded(value) {
  if (typeof value === 'number') return Number.isInteger(value) ? value : Number(value.toPrecision(4));
  if (Array.isArray(value)) return value.map(rounded);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, rounded(each)]));
}
