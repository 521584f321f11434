export function median(values) {
  return quantile(values, 0.5);
}

/** A quantile with linear interpolation; NaN for an empty list. */
export function quantile(values, share) {
  if (values.length === 0) return NaN;
  const sorted = Float64Array.from(values).sort();
  const position = (sorted.length - 1) * share;
  const below = Math.floor(position);
  const low = sorted[below];
  const high = sorted[Math.min(below + 1, sorted.length - 1)];
  return low + (high - low) * (position - below);
}

/** Median, minimum and maximum of pairwise ratios. */
export function ratios(numerators, denominators) {
  const values = numerators.map((value, index) => value / denominators[index]).filter(Number.isFinite);
  return { median: median(values), least: Math.min(...values), most: Math.max(...values), values };
}
