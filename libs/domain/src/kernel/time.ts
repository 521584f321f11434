/** Seconds since 1970-01-01T00:00:00Z, whole: the only way this code base writes an instant. */
export type EpochSeconds = number & { readonly __unit: 'epoch seconds' };

/**
 * Marks a number as an instant.
 * @throws RangeError when it is no safe integer
 */
export function epochSeconds(seconds: number): EpochSeconds {
  if (!Number.isSafeInteger(seconds)) throw new RangeError('an instant is a whole number of seconds');
  return seconds as EpochSeconds;
}

/**
 * The instant so many seconds later, or earlier for a negative number.
 * @throws RangeError when the result is no whole number of seconds
 */
export function addSeconds(instant: EpochSeconds, seconds: number): EpochSeconds {
  return epochSeconds(instant + seconds);
}
