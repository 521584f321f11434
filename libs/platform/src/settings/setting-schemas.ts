import { z } from 'zod';
import { AddressList } from '../outbound/address-list.js';
import { parseKeys } from '../secrets/key-file.js';

/**
 * Parses the text of an environment variable; `z.encode` turns a value that is not a secret back into such a text.
 * Error messages complete `NAME: "text" …` and do not contain the text.
 */
export type SettingSchema<T> = z.ZodType<T, string>;

export interface SettingFormat {
  /** Accepted values, for the table in the documentation. */
  readonly form: string;
  /** Never shown or quoted in messages; may be read from the file that `<name>_FILE` names. */
  readonly secret?: boolean;
  /** Of a number that is a duration. */
  readonly unit?: 'seconds' | undefined;
}

/** The format of each schema below. A registry of its own: the global one describes the schemas of the administration API. */
export const settingFormats = z.registry<SettingFormat>();

export function text(options: { readonly maxLength?: number } = {}): SettingSchema<string> {
  const { maxLength = 1000 } = options;
  return z.string().max(maxLength, `has more than ${maxLength} characters`).register(settingFormats, { form: 'text' });
}

/** @param options.minBytes of its UTF-8 encoding */
export function secretText(options: { readonly minBytes?: number } = {}): SettingSchema<string> {
  const { minBytes = 1 } = options;
  return z
    .string()
    .refine((value) => Buffer.byteLength(value) >= minBytes, `has fewer than ${minBytes} bytes`)
    .register(settingFormats, { form: minBytes > 1 ? `secret, ${minBytes} bytes or more` : 'secret', secret: true });
}

/** Keys of 32 bytes; the first encrypts, all decrypt. */
export function secretKeys(): SettingSchema<readonly Buffer[]> {
  return z
    .string()
    .transform((value, context) => {
      const keys = parseKeys(value);
      if (keys) return Object.freeze(keys);
      context.addIssue('is not a list of keys of 32 bytes in base64url (openssl rand -base64 32)');
      return z.NEVER;
    })
    .register(settingFormats, { form: 'secret, 32 bytes in base64url; several with commas', secret: true });
}

/** A URL that may contain a password: treated as a secret. */
export function secretUrl(schemes: readonly string[]): SettingSchema<string> {
  return z
    .string()
    .refine(
      (value) => schemes.some((scheme) => value.startsWith(scheme) && value.length > scheme.length),
      `does not begin with ${schemes.join(' or ')}`,
    )
    .register(settingFormats, { form: schemes.map((scheme) => `${scheme}…`).join(' or '), secret: true });
}

/** An http(s) URL with an optional path, unchanged. */
export function httpUrl(): SettingSchema<string> {
  return z
    .string()
    .refine((value) => URL.canParse(value), { error: 'is not a URL (https://…)', abort: true })
    .refine((value) => /^https?:$/.test(new URL(value).protocol), 'must begin with https:// or http://')
    .refine((value) => !/^https?:/i.test(value) || hasHost(value), 'must have a host after two slashes')
    .refine(hasNoCredentials, 'must not contain a user name or password')
    .refine((value) => !/[?#]/.test(value), 'has a query or fragment (OpenID Discovery 2)')
    .register(settingFormats, { form: 'http(s)://…' });
}

/** The URL of a page for people. */
export function httpsUrl(): SettingSchema<string> {
  const error = 'must be a URL that begins with https://';
  return z
    .string()
    .max(500, 'has more than 500 characters')
    .refine((value) => URL.canParse(value) && /^https:/i.test(value) && hasHost(value), { error, abort: true })
    .refine(hasNoCredentials, 'must not contain a user name or password')
    .register(settingFormats, { form: 'https://…' });
}

/** Where people get help: an e-mail address or a page. */
export function contact(): SettingSchema<string> {
  const error = 'must begin with https://, or be an address such as mailto:help@example.com';
  return z
    .string()
    .max(500, 'has more than 500 characters')
    .refine((value) => isMailtoAddress(value) || httpsUrl().safeParse(value).success, error)
    .register(settingFormats, { form: 'mailto:… or https://…' });
}

/** RFC 6068 2, with one address and without header fields. */
function isMailtoAddress(value: string): boolean {
  return /^mailto:[\w.!#$&'*+/=^`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/.test(value);
}

/** `https:/host` and `https:///host` would be valid URLs, too. */
function hasHost(value: string): boolean {
  return /^https?:\/\/[^/\\?#]/i.test(value);
}

function hasNoCredentials(value: string): boolean {
  const { username, password } = new URL(value);
  return username === '' && password === '';
}

/** An http(s) origin, without path, query, fragment or credentials; normalized. */
export function origin(): SettingSchema<string> {
  return httpUrl()
    .refine(
      (value) => new URL(value).pathname === '/',
      'has a path: it must be the root, because cookies with the prefix __Host- are valid for the whole host',
    )
    .overwrite((value) => new URL(value).origin)
    .register(settingFormats, { form: 'http(s)://host[:port]' });
}

export function integer(options: {
  readonly min: number;
  readonly max: number;
  readonly unit?: 'seconds';
}): SettingSchema<number> {
  const { min, max, unit } = options;
  const error = `must be a whole number from ${min} to ${max}`;
  return z
    .codec(z.string().regex(/^\d{1,15}$/, error), z.int().min(min, error).max(max, error), {
      decode: Number,
      encode: String,
    })
    .register(settingFormats, { form: `${min} to ${max}${unit === undefined ? '' : ` ${unit}`}`, unit });
}

export function port(): SettingSchema<number> {
  const error =
    'was set by Kubernetes, which names such variables after a service; set enableServiceLinks: false in the pod, or set the port explicitly';
  const number = integer({ min: 0, max: 65_535 });
  return z
    .string()
    .refine((value) => !/^(tcp|udp):\/\//.test(value), error)
    .pipe(number)
    .register(settingFormats, { form: '0 to 65535' });
}

const TEN_YEARS = 10 * 365 * 24 * 3600;

/** A duration in seconds, by default from 1 to ten years. */
export function seconds(options: { readonly min?: number; readonly max?: number } = {}): SettingSchema<number> {
  const { min = 1, max = TEN_YEARS } = options;
  return integer({ min, max, unit: 'seconds' });
}

/** One of several words in lower case; upper case is accepted. */
export function choice<const C extends string>(among: readonly C[]): SettingSchema<C> {
  const form = among.join(', ');
  return z
    .string()
    .toLowerCase()
    .pipe(z.enum(among, `must be one of ${form}`))
    .register(settingFormats, { form });
}

/** A list of words in lower case, separated by commas; upper case is accepted. */
export function choices<const C extends string>(among: readonly C[]): SettingSchema<readonly C[]> {
  const error = `must be a list of ${among.join(', ')}, separated by commas`;
  return z
    .codec(z.string(), z.array(z.enum(among, error)).readonly(), {
      decode: (value) => {
        const words = value.toLowerCase().split(/[\s,]+/);
        // The array schema checks that each word is one of the choices.
        return [...new Set(words.filter((word) => word !== ''))] as C[];
      },
      encode: (value) => value.join(','),
    })
    .register(settingFormats, { form: `${among.join(', ')}; several with commas` });
}

export function flag(): SettingSchema<boolean> {
  return z
    .stringbool({ truthy: ['on', 'yes', 'true', '1'], falsy: ['off', 'no', 'false', '0'], error: 'must be on or off' })
    .register(settingFormats, { form: 'on, off' });
}

/** A color as background of white text: its contrast meets WCAG 2.2 1.4.3. */
export function color(): SettingSchema<string> {
  return z
    .string()
    .regex(/^#[0-9a-f]{6}$/i, { error: 'is not a color such as #1c5b4c', abort: true })
    .refine(
      (value) => 1.05 / (luminanceOf(value) + 0.05) >= MIN_CONTRAST,
      'is too light: white text on it would be illegible',
    )
    .toLowerCase()
    .register(settingFormats, { form: '#rrggbb' });
}

const MIN_CONTRAST = 4.5;

/** WCAG 2.2, relative luminance. */
function luminanceOf(value: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(value.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Networks and addresses, separated by commas or spaces. */
export function addresses(): SettingSchema<AddressList> {
  return z
    .codec(
      z.string(),
      z.custom<AddressList>((value) => value instanceof AddressList),
      {
        decode: (value, { issues }) => {
          const list = AddressList.parse(value.split(/[\s,]+/).filter((part) => part !== ''));
          if (list) return list;
          issues.push({
            code: 'custom',
            input: value,
            message: 'is not a list of networks such as 10.0.0.0/8,fd00::/8',
          });
          return z.NEVER;
        },
        encode: String,
      },
    )
    .register(settingFormats, { form: 'CIDRs' });
}

/** A rate limit: a number of requests per number of seconds. */
export interface Rate {
  readonly count: number;
  readonly seconds: number;
}

export function rate(): SettingSchema<Rate> {
  const maxCount = 1_000_000_000;
  const countError = `must have a count from 1 to ${maxCount}`;
  const secondsError = `must have a period from 1 to ${TEN_YEARS} seconds`;
  return z
    .codec(
      z.string().regex(/^\d{1,15}\/\d{1,15}$/, 'must have the form count/seconds'),
      z.object({
        count: z.int().min(1, countError).max(maxCount, countError),
        seconds: z.int().min(1, secondsError).max(TEN_YEARS, secondsError),
      }),
      {
        decode: (value) => {
          const [count, time] = value.split('/');
          return { count: Number(count), seconds: Number(time) };
        },
        encode: ({ count, seconds: time }) => `${count}/${time}`,
      },
    )
    .readonly()
    .register(settingFormats, { form: 'count/seconds' });
}
