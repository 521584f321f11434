const shortestSeconds = 2;
const longestSeconds = 1800;

/**
 * How long to wait after so many attempts in a row that did not arrive: twice as long each time, at most half an hour,
 * and never the same for two that failed together.
 * @param failures 1 for the first
 * @param chance 0 up to 1
 * @returns whole seconds, 1 at least
 */
export function backOffSeconds(failures: number, chance: number = Math.random()): number {
  const full = Math.min(longestSeconds, shortestSeconds * 2 ** Math.min(failures - 1, 30));
  return Math.max(1, Math.round(full * (0.5 + chance / 2)));
}
