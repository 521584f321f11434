/** Whole seconds since 1970-01-01T00:00:00Z: the only representation of an instant. */
export type EpochSeconds = number & { readonly __unit: 'epoch seconds' };

/**
 * Converts a number to an instant.
 * @throws RangeError when it is not a safe integer
 */
export function epochSeconds(seconds: number): EpochSeconds {
  if (!Number.isSafeInteger(seconds)) throw new RangeError('an instant must be a whole number of seconds');
  return seconds as EpochSeconds;
}

/**
 * Adds seconds, which may be negative, to an instant.
 * @throws RangeError when the result is not a safe integer
 */
export function addSeconds(instant: EpochSeconds, seconds: number): EpochSeconds {
  return epochSeconds(instant + seconds);
}
