const shortestSeconds = 2;
const longestSeconds = 1800;

/**
 * How long to wait after consecutive failed attempts: doubled each time, at most half an hour, with jitter so that
 * messages that failed together are not retried together.
 * @param failures 1 after the first failure
 * @param chance from 0 to 1
 * @returns whole seconds, at least 1
 */
export function backOffSeconds(failures: number, chance: number = Math.random()): number {
  const full = Math.min(longestSeconds, shortestSeconds * 2 ** Math.min(failures - 1, 30));
  return Math.max(1, Math.round(full * (0.5 + chance / 2)));
}
