import { AddressList } from '../outbound/address-list.js';
import { parseKeys } from '../secrets/key-file.js';

/** An invalid value. The message completes "NAME: …" and contains no secret. */
export class BadSetting extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BadSetting';
  }
}

/** A setting: the environment variable and its type. Created by the functions of this file. */
export interface Field<T> {
  readonly name: string;
  /** One or two sentences for the table in the documentation. */
  readonly about: string;
  /** Accepted values for the table: `on`, `off`. */
  readonly form: string;
  /** Never included in messages; may be read from the file that `<name>_FILE` names. */
  readonly secret: boolean;
  readonly required: boolean;
  /** The default value. */
  readonly fallback: T;
  /** The default for the table, where it is computed later. */
  readonly fallbackText: string | undefined;
  /** @throws BadSetting */
  parse(text: string): T;
}

export interface FieldOptions<D> {
  readonly about: string;
  readonly default?: D;
  /** The default for the table where it depends on other settings. */
  readonly defaultText?: string;
}

type Kind<T> = Pick<Field<T>, 'form' | 'parse'> & { readonly secret?: boolean };

function field<T, D>(name: string, options: FieldOptions<D>, kind: Kind<T>): Field<T | D> {
  return Object.freeze({
    name,
    about: options.about,
    form: kind.form,
    secret: kind.secret ?? false,
    required: false,
    // Without a default D is undefined.
    fallback: options.default as T | D,
    fallbackText: options.defaultText,
    parse: kind.parse,
  });
}

/** The program does not start without it. */
export function required<T>(optional: Field<T | undefined>): Field<T> {
  // `parse` returns a T or throws; the fallback of a required field is never used.
  return Object.freeze({ ...(optional as Field<T>), required: true });
}

export function text<D extends string | undefined = undefined>(
  name: string,
  options: FieldOptions<D> & { readonly maxLength?: number },
): Field<string | D> {
  const { maxLength = 1000 } = options;
  return field(name, options, {
    form: 'text',
    parse: (value) => {
      if (value.length > maxLength) throw new BadSetting(`has more than ${maxLength} characters`);
      return value;
    },
  });
}

/** @param options.minBytes of its UTF-8 encoding */
export function secretText(
  name: string,
  options: FieldOptions<undefined> & { readonly minBytes?: number },
): Field<string | undefined> {
  const { minBytes = 1 } = options;
  return field(name, options, {
    form: minBytes > 1 ? `secret, ${minBytes} bytes or more` : 'secret',
    secret: true,
    parse: (value) => {
      if (Buffer.byteLength(value) < minBytes) throw new BadSetting(`has fewer than ${minBytes} bytes`);
      return value;
    },
  });
}

/** Keys of 32 bytes; the first encrypts, all decrypt. */
export function secretKeys(name: string, options: FieldOptions<undefined>): Field<readonly Buffer[] | undefined> {
  return field(name, options, {
    form: 'secret, 32 bytes in base64url; several with commas',
    secret: true,
    parse: (value) => {
      const keys = parseKeys(value);
      if (!keys) throw new BadSetting('is not a list of keys of 32 bytes in base64url (openssl rand -base64 32)');
      return Object.freeze(keys);
    },
  });
}

/** A URL that may contain a password: treated as a secret. */
export function secretUrl<D extends string | undefined = undefined>(
  name: string,
  options: FieldOptions<D> & { readonly schemes: readonly string[] },
): Field<string | D> {
  return field(name, options, {
    form: options.schemes.map((scheme) => `${scheme}…`).join(' or '),
    secret: true,
    parse: (value) => {
      const scheme = options.schemes.find(
        (candidate) => value.startsWith(candidate) && value.length > candidate.length,
      );
      if (scheme === undefined) throw new BadSetting(`does not begin with ${options.schemes.join(' or ')}`);
      return value;
    },
  });
}

/** An http(s) origin of this or another server, without path, query, fragment or credentials. */
export function origin<D extends string | undefined = undefined>(
  name: string,
  options: FieldOptions<D>,
): Field<string | D> {
  return field(name, options, { form: 'http(s)://host[:port]', parse: (value) => parseOrigin(value) });
}

function parseOrigin(value: string): string {
  const url = parseHttpUrl(value);
  if (url.pathname !== '/') {
    throw new BadSetting(
      'has a path: it must be the root, because cookies with the prefix __Host- are valid for the whole host',
    );
  }
  return url.origin;
}

/** An http(s) URL with an optional path, unchanged. */
export function webAddress<D extends string | undefined = undefined>(
  name: string,
  options: FieldOptions<D>,
): Field<string | D> {
  return field(name, options, {
    form: 'http(s)://…',
    parse: (value) => {
      parseHttpUrl(value);
      return value;
    },
  });
}

function parseHttpUrl(value: string): URL {
  if (!URL.canParse(value)) throw new BadSetting('is not a URL (https://…)');
  const url = new URL(value);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new BadSetting('must begin with https:// or http://');
  if (url.username !== '' || url.password !== '') throw new BadSetting('must not contain a user name or password');
  if (value.includes('?') || value.includes('#')) throw new BadSetting('has a query or fragment (OpenID Discovery 2)');
  return url;
}

export function integer<D extends number | undefined = undefined>(
  name: string,
  options: FieldOptions<D> & { readonly min: number; readonly max: number; readonly unit?: string },
): Field<number | D> {
  const { min, max, unit } = options;
  return field(name, options, {
    form: `${min} to ${max}${unit === undefined ? '' : ` ${unit}`}`,
    parse: (value) => parseInteger(value, min, max),
  });
}

function parseInteger(value: string, min: number, max: number): number {
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= min && number <= max)) throw new BadSetting(`must be a whole number from ${min} to ${max}`);
  return number;
}

export function port<D extends number | undefined = undefined>(
  name: string,
  options: FieldOptions<D>,
): Field<number | D> {
  return field(name, options, {
    form: '0 to 65535',
    parse: (value) => {
      if (/^(tcp|udp):\/\//.test(value)) {
        throw new BadSetting(
          'was set by Kubernetes, which names such variables after a service; set enableServiceLinks: false in the pod, or the port by hand',
        );
      }
      return parseInteger(value, 0, 65_535);
    },
  });
}

const TEN_YEARS = 10 * 365 * 24 * 3600;

/** A duration in seconds, at least 1 by default. */
export function seconds(
  name: string,
  options: FieldOptions<number> & { readonly default: number; readonly min?: number; readonly max?: number },
): Field<number> {
  const { min = 1, max = TEN_YEARS } = options;
  return integer(name, { ...options, min, max, unit: 'seconds' });
}

export function choice<const C extends string, D extends C>(
  name: string,
  options: FieldOptions<D> & { readonly default: D; readonly among: readonly C[] },
): Field<C> {
  const { among } = options;
  return field<C, C>(name, options, {
    form: among.join(', '),
    parse: (value) => {
      const chosen = among.find((candidate) => candidate === value.toLowerCase());
      if (chosen === undefined) throw new BadSetting(`must be one of ${among.join(', ')}`);
      return chosen;
    },
  });
}

const words: Readonly<Record<string, boolean>> = {
  on: true,
  yes: true,
  true: true,
  '1': true,
  off: false,
  no: false,
  false: false,
  '0': false,
};

export function flag(name: string, options: FieldOptions<boolean> & { readonly default: boolean }): Field<boolean> {
  return field(name, options, {
    form: 'on, off',
    parse: (value) => {
      const meant = words[value.toLowerCase()];
      if (meant === undefined) throw new BadSetting('must be on or off');
      return meant;
    },
  });
}

/** A colour as background of white text: its contrast meets WCAG 2.2 1.4.3. */
export function colour(name: string, options: FieldOptions<undefined>): Field<string | undefined> {
  return field(name, options, {
    form: '#rrggbb',
    parse: (value) => {
      if (!/^#[0-9a-f]{6}$/i.test(value)) throw new BadSetting('is not a colour such as #1c5b4c');
      if (1.05 / (luminanceOf(value) + 0.05) < minContrast)
        throw new BadSetting('is too light: white text on it could not be read');
      return value.toLowerCase();
    },
  });
}

const minContrast = 4.5;

/** WCAG 2.2, relative luminance. */
function luminanceOf(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Networks and addresses, separated by commas or spaces. */
export function addresses(name: string, options: FieldOptions<undefined>): Field<AddressList> {
  return field(
    name,
    { ...options, default: AddressList.empty },
    {
      form: 'CIDRs',
      parse: (value) => {
        const list = AddressList.parse(value.split(/[\s,]+/).filter((part) => part !== ''));
        if (!list) throw new BadSetting('is not a list of networks such as 10.0.0.0/8,fd00::/8');
        return list;
      },
    },
  );
}

/** A rate limit: a number of requests per number of seconds. */
export interface Rate {
  readonly count: number;
  readonly seconds: number;
}

export function rate(name: string, options: FieldOptions<Rate> & { readonly default: Rate }): Field<Rate> {
  return field(name, options, {
    form: 'count/seconds',
    parse: (value) => {
      const [count, time, ...more] = value.split('/');
      if (count === undefined || time === undefined || more.length > 0)
        throw new BadSetting('must have the form count/seconds');
      return Object.freeze({ count: parseInteger(count, 1, 1_000_000_000), seconds: parseInteger(time, 1, TEN_YEARS) });
    },
  });
}
