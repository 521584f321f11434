import { text, type Text } from '../i18n/message.js';

const hour = 3600;
const day = 24 * hour;

/** Formats a duration for users: `30 minutes`, `1 hour`, `7 days`. */
export function durationText(seconds: number): Text {
  if (seconds >= 2 * day) return text('time.days', { count: Math.floor(seconds / day) });
  if (seconds >= hour) return text('time.hours', { count: Math.floor(seconds / hour) });
  return text('time.minutes', { count: Math.ceil(seconds / 60) });
}

/** An exact duration, in the largest unit that divides it: `90 seconds`, `36 hours`, `30 days`. */
export function exactDurationText(seconds: number): Text {
  if (seconds > 0 && seconds % day === 0) return text('time.days', { count: seconds / day });
  if (seconds > 0 && seconds % hour === 0) return text('time.hours', { count: seconds / hour });
  if (seconds > 0 && seconds % 60 === 0) return text('time.minutes', { count: seconds / 60 });
  return text('time.seconds', { count: seconds });
}
