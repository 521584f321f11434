import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { codeOf } from '../error-code.js';
import { nearest } from './nearest.js';
import { settingFormats, type SettingFormat } from './setting-schemas.js';

/** All errors of the configuration, one line each. The process does not start. */
export class SettingsError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`the settings are invalid:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'SettingsError';
  }
}

export interface SettingOptions {
  /** One or two sentences for the table in the documentation. */
  readonly about: string;
  /** The default for the table where it depends on other settings. */
  readonly defaultText?: string;
  /** Earlier names of the setting: still read, with a warning. */
  readonly deprecatedNames?: readonly string[];
}

/** An environment variable and the schema of its text. A setting is required unless its schema is optional or has a default. */
export interface Setting<Schema extends AnySchema = AnySchema> extends SettingOptions {
  readonly name: string;
  readonly schema: Schema;
}

type AnySchema = z.ZodType<unknown, string | undefined>;

export type Environment = Readonly<Record<string, string | undefined>>;
export type Definition = Readonly<Record<string, Setting>>;
export type SettingsOf<D extends Definition> = { readonly [K in keyof D]: z.output<D[K]['schema']> };

/**
 * Where the effective value of a setting comes from, and the variable that contains it or names its file. `database`: an
 * administrator set it while the server was running.
 */
export type SettingSource =
  { readonly kind: 'default' | 'database' } | { readonly kind: 'environment' | 'file'; readonly variable: string };

export type SettingSources<D extends Definition = Definition> = { readonly [K in keyof D]: SettingSource };

export interface ParsedSettings<D extends Definition> {
  readonly values: SettingsOf<D>;
  readonly sources: SettingSources<D>;
}

/** Reports a problem of a setting or of a combination of settings. */
export type Report = (name: string, problem: string) => void;

export interface ParseOptions<D extends Definition> {
  /** Names that are valid although not in the definition: those of the other application, which shares the environment. */
  readonly alsoKnown?: readonly string[];
  /** Checks across settings; values that are invalid by themselves are missing. */
  readonly check?: (values: Partial<SettingsOf<D>>, report: Report) => void;
}

export function setting<Schema extends AnySchema>(
  name: string,
  schema: Schema,
  options: SettingOptions,
): Setting<Schema> {
  return Object.freeze({ name, schema, ...options });
}

/** Preserves the types of the settings. */
export function defineSettings<const D extends Definition>(definition: D): D {
  return Object.freeze(definition);
}

/** The names of all variables of a definition, including those with `_FILE` and deprecated ones. */
export function namesOf(definition: Definition): readonly string[] {
  return Object.values(definition).flatMap((each) => variablesOf(each).map(({ variable }) => variable));
}

interface Variable {
  readonly kind: 'environment' | 'file';
  readonly variable: string;
  readonly deprecated: boolean;
}

/** The variables that may set a setting, the preferred one first. */
function variablesOf({ name, schema, deprecatedNames = [] }: Setting): readonly Variable[] {
  const { secret = false } = formatOf(schema);
  return [name, ...deprecatedNames].flatMap((variable): Variable[] => {
    const deprecated = variable !== name;
    const own: Variable = { kind: 'environment', variable, deprecated };
    return secret ? [own, { kind: 'file', variable: `${variable}_FILE`, deprecated }] : [own];
  });
}

/** The schema without its default. */
function baseOf(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ? baseOf(schema.unwrap()) : schema;
}

export function formatOf(schema: z.core.$ZodType): SettingFormat {
  const format = settingFormats.get(baseOf(schema));
  if (!format) throw new TypeError('the schema of a setting must be one of setting-schemas.ts');
  return format;
}

/**
 * Parses the environment. Empty means unset; white space around a value is removed, except in secrets.
 * @throws SettingsError with all problems
 */
export function parseSettings<D extends Definition>(
  definition: D,
  environment: Environment,
  options: ParseOptions<D> = {},
): ParsedSettings<D> {
  const problems = new Map<string, string>();
  const report = (name: string, problem: string, variable = name): void => {
    if (!problems.has(name)) problems.set(name, `${variable}: ${problem}`);
  };
  const values: Record<string, unknown> = {};
  const sources: Record<string, SettingSource> = {};
  for (const [key, each] of Object.entries(definition)) {
    try {
      const { source, value } = parseSetting(each, environment);
      values[key] = value;
      sources[key] = Object.freeze(source);
    } catch (error) {
      if (!(error instanceof InvalidSetting)) throw error;
      report(each.name, error.message, error.variable);
    }
  }
  // Each value was parsed by its own schema, or is missing.
  options.check?.(values as Partial<SettingsOf<D>>, (name, problem) => report(name, problem));
  reportUnknown(definition, environment, options.alsoKnown ?? [], report);
  if (problems.size > 0) throw new SettingsError([...problems.values()]);
  // Without a problem, neither a value nor a source is missing.
  return { values: Object.freeze(values) as SettingsOf<D>, sources: Object.freeze(sources) as SettingSources<D> };
}

/** The message completes "variable: …" and contains no secret. */
class InvalidSetting extends Error {
  constructor(
    readonly variable: string,
    message: string,
  ) {
    super(message);
  }
}

function parseSetting(each: Setting, environment: Environment): { source: SettingSource; value: unknown } {
  const { name, schema, about } = each;
  const { secret = false } = formatOf(schema);
  const given = givenVariable(each, environment);
  const text = given && textOf(given, environment, secret);
  if (given === undefined || text === undefined) {
    const unset = schema.safeParse(undefined);
    if (!unset.success) throw new InvalidSetting(name, `is required${secret ? ` (or ${name}_FILE)` : ''}: ${about}`);
    return { source: { kind: 'default' }, value: unset.data };
  }
  const { kind, variable } = given;
  const result = schema.safeParse(text);
  if (result.success) return { source: { kind, variable }, value: result.data };
  const message = result.error.issues[0]?.message ?? 'is invalid';
  throw new InvalidSetting(variable, secret ? message : `${quoted(text)} ${message}`);
}

/** The variable that sets a setting. @throws InvalidSetting if there is more than one */
function givenVariable(each: Setting, environment: Environment): Variable | undefined {
  const { secret = false } = formatOf(each.schema);
  const [first, second] = variablesOf(each).filter((variable) => rawText(variable, environment, secret) !== '');
  if (first && second) {
    const remove = second.deprecated ? `${second.variable}, which is deprecated` : 'one of them';
    throw new InvalidSetting(
      each.name,
      `is set twice, by ${first.variable} and by ${second.variable}; remove ${remove}`,
    );
  }
  return first;
}

function rawText({ kind, variable }: Variable, environment: Environment, secret: boolean): string {
  const text = environment[variable] ?? '';
  return secret && kind === 'environment' ? text : text.trim();
}

/** The text of the variable, or of the file that it names without the final newline; undefined if empty. */
function textOf(given: Variable, environment: Environment, secret: boolean): string | undefined {
  const text = rawText(given, environment, secret);
  if (given.kind !== 'file') return text === '' ? undefined : text;
  const content = readSecretFile(given.variable, text);
  // A secret that is mounted too late must not be replaced by a new one.
  if (content === '') throw new InvalidSetting(given.variable, `the file ${quoted(text)} is empty`);
  return content;
}

function readSecretFile(variable: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const code = codeOf(error) ?? 'unknown error';
    // Otherwise it may be the secret itself, or a URL with a password, in the wrong variable.
    const isPath = /^\.{0,2}\//.test(path) && !path.includes('://');
    const file = isPath ? `the file ${quoted(path)}` : 'the file';
    throw new InvalidSetting(variable, `${file} cannot be read (${code}); give the path of a file`);
  }
}

const PREFIX = 'GATEHOUSE_';
/** Variables that Kubernetes sets in every pod for each service whose name begins with this prefix. */
const KUBERNETES = /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;

function reportUnknown(
  definition: Definition,
  environment: Environment,
  alsoKnown: readonly string[],
  report: Report,
): void {
  const variables = Object.values(definition).flatMap(variablesOf);
  const known = new Set([...variables.map(({ variable }) => variable), ...alsoKnown]);
  const suggestions = [
    ...variables.filter(({ deprecated }) => !deprecated).map(({ variable }) => variable),
    ...alsoKnown,
  ];
  for (const [name, value = ''] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || known.has(name) || KUBERNETES.test(name)) continue;
    if (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value)) continue;
    const closest = nearest(name, suggestions);
    report(name, `is not a setting${closest === undefined ? '' : `; the nearest is ${closest}`}`);
  }
}

/** For messages; omits a password in a URL. */
function quoted(text: string): string {
  const shown = text.replace(/\/\/\S*@/g, '//…@');
  return JSON.stringify(shown.length > 100 ? `${shown.slice(0, 100)}…` : shown);
}
