import { readFileSync } from 'node:fs';
import { codeOf } from '../error-code.js';
import { AddressList } from '../outbound/address-list.js';
import { nearest } from './nearest.js';
import { BadSetting, type Field } from './setting-fields.js';

/** All errors of the configuration, one line each. The process does not start. */
export class SettingsError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`the settings are invalid:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'SettingsError';
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;
export type Definition = Readonly<Record<string, Field<unknown>>>;
export type SettingsOf<D extends Definition> = { readonly [K in keyof D]: D[K] extends Field<infer T> ? T : never };

/** Reports a problem of a setting or of a combination of settings. */
export type Report = (name: string, problem: string) => void;

export interface ParseOptions<D extends Definition> {
  /** Names that are valid although not in the definition: those of the other application, which shares the environment. */
  readonly alsoKnown?: readonly string[];
  /** Checks across settings; values that are invalid by themselves are missing. */
  readonly check?: (values: Partial<SettingsOf<D>>, report: Report) => void;
}

/** Preserves the types of the fields. */
export function defineSettings<const D extends Definition>(definition: D): D {
  return Object.freeze(definition);
}

/** The names of all variables of a definition, including those with `_FILE`. */
export function namesOf(definition: Definition): readonly string[] {
  return Object.values(definition).flatMap((field) =>
    field.secret ? [field.name, `${field.name}_FILE`] : [field.name],
  );
}

/**
 * Parses the environment. Empty means unset; white space around a value is removed, except in secrets.
 * @throws SettingsError with all problems
 */
export function parseSettings<D extends Definition>(
  definition: D,
  environment: Environment,
  options: ParseOptions<D> = {},
): SettingsOf<D> {
  const problems = new Map<string, string>();
  const report: Report = (name, problem) => {
    if (!problems.has(name)) problems.set(name, problem);
  };
  const values: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(definition)) {
    try {
      values[key] = readField(field, environment);
    } catch (error) {
      if (!(error instanceof BadSetting)) throw error;
      report(field.name, error.message);
    }
  }
  // Each value was parsed by its own field, or is missing.
  options.check?.(values as Partial<SettingsOf<D>>, report);
  reportUnknown(environment, [...namesOf(definition), ...(options.alsoKnown ?? [])], report);
  if (problems.size > 0) throw new SettingsError([...problems].map(([name, problem]) => `${name}: ${problem}`));
  return Object.freeze(values) as SettingsOf<D>;
}

function readField(field: Field<unknown>, environment: Environment): unknown {
  const text = field.secret ? readSecret(field.name, environment) : (environment[field.name] ?? '').trim();
  if (text === '') {
    if (!field.required) return field.fallback;
    throw new BadSetting(`is required${field.secret ? ` (or ${field.name}_FILE)` : ''}: ${field.about}`);
  }
  try {
    return field.parse(text);
  } catch (error) {
    if (!(error instanceof BadSetting) || field.secret) throw error;
    throw new BadSetting(`${quoted(text)} ${error.message}`);
  }
}

/** The variable itself, or the content of the file that the `_FILE` variable names, without its final newline. */
function readSecret(name: string, environment: Environment): string {
  const own = environment[name] ?? '';
  const file = (environment[`${name}_FILE`] ?? '').trim();
  if (file === '') return own;
  if (own !== '') throw new BadSetting(`is set twice, by itself and by ${name}_FILE`);
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new BadSetting(
      `the file ${quoted(file)} that ${name}_FILE names cannot be read (${codeOf(error) ?? 'unknown error'})`,
    );
  }
}

const PREFIX = 'GATEHOUSE_';
/** Variables that Kubernetes sets in every pod for each service whose name begins with this prefix. */
const KUBERNETES = /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;

function reportUnknown(environment: Environment, known: readonly string[], report: Report): void {
  const names = new Set(known);
  for (const [name, value = ''] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || names.has(name) || KUBERNETES.test(name)) continue;
    if (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value)) continue;
    const closest = nearest(name, known);
    report(name, `is not a setting${closest === undefined ? '' : `; the nearest is ${closest}`}`);
  }
}

/** For the message; omits a password in a URL. */
function quoted(text: string): string {
  const shown = text.replace(/\/\/[^/]*@/g, '//…@');
  return JSON.stringify(shown.length > 100 ? `${shown.slice(0, 100)}…` : shown);
}

/** The settings as a Markdown table for the documentation. */
export function settingsTable(definition: Definition): string {
  const rows = Object.values(definition).map((field) => {
    const twin = field.secret ? ` (also \`${field.name}_FILE\`)` : '';
    return `| \`${field.name}\`${twin} | ${field.form} | ${defaultOf(field)} | ${field.about} |`;
  });
  return ['| setting | values | default | what it does |', '|---|---|---|---|', ...rows].join('\n');
}

function defaultOf(field: Field<unknown>): string {
  if (field.required) return 'required';
  if (field.fallbackText !== undefined) return field.fallbackText;
  const { fallback } = field;
  if (fallback === undefined || fallback instanceof AddressList) return '';
  if (typeof fallback === 'boolean') return fallback ? '`on`' : '`off`';
  if (typeof fallback === 'object' && fallback !== null) return `\`${Object.values(fallback).join('/')}\``;
  return `\`${String(fallback)}\``;
}
