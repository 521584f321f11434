import { text, type Text } from '../i18n/message.js';

const hour = 3600;
const day = 24 * hour;

/** Formats a duration for users: `30 minutes`, `1 hour`, `7 days`. */
export function durationText(seconds: number): Text {
  if (seconds >= 2 * day) return text('time.days', { count: Math.floor(seconds / day) });
  if (seconds >= hour) return text('time.hours', { count: Math.floor(seconds / hour) });
  return text('time.minutes', { count: Math.ceil(seconds / 60) });
}
