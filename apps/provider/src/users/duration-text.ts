const hour = 3600;
const day = 24 * hour;

/** For people: `30 minutes`, `1 hour`, `7 days`. */
export function durationText(seconds: number): string {
  const [count, unit] =
    seconds >= 2 * day
      ? [Math.floor(seconds / day), 'day']
      : seconds >= hour
        ? [Math.floor(seconds / hour), 'hour']
        : [Math.ceil(seconds / 60), 'minute'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
