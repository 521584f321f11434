import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { benchFolder, root } from '../lib/root.mjs';
import { chart } from './chart.mjs';
import { hasFailed, isComplete, markdown } from './table.mjs';

/** Keeps the figures, then prints the report. A quick, partial or failed run's lies in data/bench, a full one's here. */
export function report(results) {
  const keep = !results.quick && isComplete(results) && !hasFailed(results);
  const folder = keep ? join(benchFolder, 'results') : join(root, 'data/bench');
  mkdirSync(folder, { recursive: true });
  write(join(folder, `${results.date}.json`), `${JSON.stringify(rounded(results), null, 1)}\n`);
  if (hasFailed(results)) process.exitCode = 1;
  draw(results, folder, keep ? join(root, 'docs/benchmark.svg') : join(folder, 'benchmark.svg'));
}

/** Table and chart again, of figures that were kept: when the report's own form has changed. */
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

/** Four digits are more than the measurement knows. */
function rounded(value) {
  if (typeof value === 'number') return Number.isInteger(value) ? value : Number(value.toPrecision(4));
  if (Array.isArray(value)) return value.map(rounded);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, rounded(each)]));
}
