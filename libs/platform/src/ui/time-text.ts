import Handlebars from 'handlebars';
import type { ViewHelper } from './view-helpers.js';

/** The texts of {@link timeHelper}; the application's catalogue has them. */
export type TimeTextKey =
  | 'ui.time.never'
  | 'ui.time.now'
  | 'ui.time.minutesAgo'
  | 'ui.time.hoursAgo'
  | 'ui.time.yesterday'
  | 'ui.time.daysAgo'
  | 'ui.time.inMinutes'
  | 'ui.time.inHours'
  | 'ui.time.inDays';

export interface TimeTexts {
  /** The language of the page, as a BCP 47 tag. */
  readonly language: string;
  text(key: TimeTextKey, values: { readonly count?: number }): string;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Later or earlier, the date says more. */
const RELATIVE_DAYS = 7;

/** The distance of an instant from now in words; beyond a week, its date. */
export function relativeTime(at: number, now: number, { language, text }: TimeTexts): string {
  const seconds = Math.abs(now - at);
  const isPast = at <= now;
  const days = Math.floor(seconds / DAY);
  if (seconds < MINUTE) return text('ui.time.now', {});
  if (seconds < HOUR)
    return text(isPast ? 'ui.time.minutesAgo' : 'ui.time.inMinutes', { count: Math.floor(seconds / MINUTE) });
  if (seconds < DAY)
    return text(isPast ? 'ui.time.hoursAgo' : 'ui.time.inHours', { count: Math.floor(seconds / HOUR) });
  if (days >= RELATIVE_DAYS)
    return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'UTC' }).format(at * 1000);
  if (isPast) return days === 1 ? text('ui.time.yesterday', {}) : text('ui.time.daysAgo', { count: days });
  return text('ui.time.inDays', { count: days });
}

/** The largest value of a Date, in seconds. */
const LAST_INSTANT = 8.64e12;

/** The last argument that Handlebars passes to a helper. */
interface HelperCall {
  readonly data: { readonly root: object };
}

/**
 * `{{time lastSignInAt}}`: epoch seconds relative to now, with the exact time in the tooltip; "Never" if undefined.
 * @param textsOf the texts in the language of a page, given the page's model
 */
export function timeHelper(now: () => number, textsOf: (root: object) => TimeTexts): ViewHelper {
  return (at: unknown, { data }: HelperCall): Handlebars.SafeString | string => {
    const texts = textsOf(data.root);
    if (typeof at !== 'number' || !(Math.abs(at) < LAST_INSTANT)) return texts.text('ui.time.never', {});
    const iso = new Date(at * 1000).toISOString();
    const exact = `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
    const shown = Handlebars.escapeExpression(relativeTime(at, now(), texts));
    return new Handlebars.SafeString(`<time datetime="${iso.slice(0, 19)}Z" title="${exact}">${shown}</time>`);
  };
}
