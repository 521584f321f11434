import { z } from 'zod';
import { formatOf, type Definition, type Setting, type SettingSource, type SettingSources } from './settings.js';

/** The effective value of a setting and where it comes from, for people: without the values of secrets. */
export interface SettingDescription {
  readonly name: string;
  /** As it would be written in the environment; undefined if it has none, or is secret. */
  readonly value: string | undefined;
  /** Of a number that is a duration. */
  readonly unit: 'seconds' | undefined;
  readonly secret: boolean;
  readonly isSet: boolean;
  readonly source: SettingSource;
}

/** @param settings the effective value of every setting of the definition, and their sources */
export function describeSettings<D extends Definition>(
  definition: D,
  settings: Readonly<Record<keyof D, unknown>> & { readonly sources: SettingSources<D> },
): readonly SettingDescription[] {
  return Object.entries(definition).map(([key, { name, schema }]) => {
    const { secret = false, unit } = formatOf(schema);
    const value: unknown = settings[key];
    const isSet = value !== undefined;
    const source = settings.sources[key] ?? { kind: 'default' };
    return { name, value: secret || !isSet ? undefined : textOf(schema, value), unit, secret, isSet, source };
  });
}

/** Logs a warning for each setting that is set by a deprecated name. */
export function warnAboutDeprecatedNames(
  definition: Definition,
  sources: SettingSources,
  log: { warn(fields: Record<string, unknown>, message: string): void },
): void {
  for (const warning of deprecationWarnings(definition, sources)) log.warn({}, warning);
}

function deprecationWarnings(definition: Definition, sources: SettingSources): readonly string[] {
  return Object.entries(definition).flatMap(([key, { name, deprecatedNames = [] }]) => {
    const source = sources[key];
    if (source === undefined || !('variable' in source)) return [];
    const { kind, variable } = source;
    const suffix = kind === 'file' ? '_FILE' : '';
    if (!deprecatedNames.some((deprecated) => variable === `${deprecated}${suffix}`)) return [];
    return [`${variable} is deprecated: use ${name}${suffix} instead`];
  });
}

/** The settings as a Markdown table for the documentation. */
export function settingsTable(definition: Definition): string {
  const rows = Object.values(definition).map((each) => {
    const { form, secret = false } = formatOf(each.schema);
    const file = secret ? ` (also \`${each.name}_FILE\`)` : '';
    return `| \`${each.name}\`${file} | ${form} | ${defaultOf(each)} | ${each.about} |`;
  });
  return ['| setting | values | default | what it does |', '|---|---|---|---|', ...rows].join('\n');
}

function defaultOf({ schema, defaultText }: Setting): string {
  if (defaultText !== undefined) return defaultText;
  const unset = schema.safeParse(undefined);
  if (!unset.success) return 'required';
  const text = unset.data === undefined ? '' : textOf(schema, unset.data);
  return text === '' ? '' : `\`${text}\``;
}

function textOf(schema: Setting['schema'], value: unknown): string {
  return z.encode(schema, value) ?? '';
}
