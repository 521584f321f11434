import Handlebars from 'handlebars';
import { barChart, sparkline, type BarChart, type ChartValue, type Sparkline } from './charts.js';
import { iconSvg } from './icons.js';
import { hueOf, initialsOf } from './identity.js';
import { textDifference, type TextDifference } from './text-difference.js';

/** A template helper; the last argument is Handlebars' options. The returned text is escaped. */
export type ViewHelper = (...args: never[]) => unknown;

/** The arguments of a helper without Handlebars' options. */
function written(values: readonly unknown[]): readonly unknown[] {
  return values.slice(0, -1);
}

/** Empty lists are false, as in `{{#if}}`. */
function isTrue(value: unknown): boolean {
  return !Handlebars.Utils.isEmpty(value);
}

const escape = (text: string): string => Handlebars.escapeExpression(text);

/** The largest value of a Date, in seconds. */
const LAST_INSTANT = 8.64e12;

/** The helpers of all views. Values are untrusted: never return markup made of them without escaping. */
export const viewHelpers = {
  eq: (a: unknown, b: unknown): boolean => a === b,
  not: (value: unknown): boolean => !isTrue(value),
  and: (...values: unknown[]): boolean => written(values).every(isTrue),
  or: (...values: unknown[]): boolean => written(values).some(isTrue),

  /** `{{#if (includes scopes "openid")}}` */
  includes: (list: unknown, value: unknown): boolean => Array.isArray(list) && list.includes(value),

  /** `{{join scopes ", "}}` */
  join: (list: unknown, separator: unknown): string =>
    Array.isArray(list) ? list.map(String).join(typeof separator === 'string' ? separator : ', ') : '',

  /** `{{plural count "token" "tokens"}}` -> `1 token`, `3 tokens` */
  plural: (count: unknown, one: unknown, many: unknown): string =>
    `${String(count)} ${String(count === 1 ? one : many)}`,

  /** `{{instant expiresAt}}`: epoch seconds as `<time>` in UTC; a dash if undefined. */
  instant: (seconds: unknown): Handlebars.SafeString => {
    if (typeof seconds !== 'number' || !(Math.abs(seconds) < LAST_INSTANT)) return new Handlebars.SafeString('–');
    const text = new Date(seconds * 1000).toISOString();
    const day = text.slice(0, 10);
    return new Handlebars.SafeString(
      `<time datetime="${text.slice(0, 19)}Z">${day} ${text.slice(11, 16)}&nbsp;UTC</time>`,
    );
  },

  /** `{{#each (list "a" "b")}}` */
  list: (...values: unknown[]): readonly unknown[] => written(values),

  /** `{{> ui/empty action=(object href="/client/add" label="Add application")}}` */
  object: ({ hash }: { readonly hash: object }): object => hash,

  /** `{{icon "key-round"}}`, `{{icon name class="icon-l"}}`; nothing without a name. */
  icon: (name: unknown, { hash }: { readonly hash: { readonly class?: unknown } }): unknown =>
    isTrue(name) ? iconSvg(String(name), typeof hash.class === 'string' ? hash.class : '') : '',

  initials: (name: unknown): string => initialsOf(String(name ?? '')),

  /** The number of a hue, 1 to 6. */
  hue: (name: unknown): number => hueOf(String(name ?? '')),

  /** `{{#with (sparkline values)}}` */
  sparkline: (values: unknown): Sparkline => sparkline(Array.isArray(values) ? values.map(Number) : []),

  /** `{{#with (barChart values)}}` */
  barChart: (values: unknown): BarChart => barChart(Array.isArray(values) ? (values as ChartValue[]) : []),

  /** `{{#with (textDifference requested registered)}}` */
  textDifference: (first: unknown, second: unknown): TextDifference =>
    textDifference(String(first ?? ''), String(second ?? '')),

  /** `{{#each (repeat 3)}}`: as many numbers. */
  repeat: (count: unknown): readonly number[] => Array.from({ length: Number(count) || 0 }, (_, at) => at),

  /** `{{concat "/client/update/" id}}`; escaped like everything else. */
  concat: (...values: unknown[]): string => written(values).map(String).join(''),

  /** Whether the problems of a form need a summary: if there are several, or one that has no field on the page. */
  needsSummary: (list: unknown): boolean =>
    Array.isArray(list) &&
    (list.length > 1 || (list as { id?: string; href?: string }[]).some(({ id, href }) => !id || href !== undefined)),

  /** Text in which backticks mark code: `{{inlineCode description}}` */
  inlineCode: (text: unknown): Handlebars.SafeString =>
    new Handlebars.SafeString(
      String(text ?? '')
        .split('`')
        .map((part, at) => (at % 2 === 1 ? `<code>${escape(part)}</code>` : escape(part)))
        .join(''),
    ),

  /** A query value: `?q={{encode search}}` */
  encode: (value: unknown): string => encodeURIComponent(String(value ?? '')),
} as const satisfies Record<string, ViewHelper>;
