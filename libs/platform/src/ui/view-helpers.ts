import Handlebars from 'handlebars';

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

  /** `{{concat "/client/update/" id}}`; escaped like everything else. */
  concat: (...values: unknown[]): string => written(values).map(String).join(''),

  /** A query value: `?q={{encode search}}` */
  encode: (value: unknown): string => encodeURIComponent(String(value ?? '')),
} as const satisfies Record<string, ViewHelper>;
