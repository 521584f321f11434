import { z } from 'zod';
import * as schema from '@gatehouse/platform/settings/setting-schemas';
import type { SettingSource } from '@gatehouse/platform/settings/settings';
import { text, type Message, type TextKey } from '../i18n/message.js';
import { logoSchema, type LogoImage, type LogoProblem } from './logo-image.js';
import { logoProblemText } from './logo-problem-text.js';
import type { EditableKey } from '../config/editable-keys.js';
import { settingsDefinition, type LoadedSettings } from '../config/settings.js';

/** The logo: a file that the environment names, or an image that an administrator uploaded. */
export type Logo = { readonly path: string } | LogoImage;

/** The effective values of the settings that administrators can change while the server runs. */
export type EditableValues = Pick<
  LoadedSettings,
  | 'productName'
  | 'accent'
  | 'background'
  | 'supportContact'
  | 'termsUrl'
  | 'privacyUrl'
  | 'signUp'
  | 'sessionLifetimeSeconds'
  | 'sessionIdleLifetimeSeconds'
  | 'trustedBrowserLifetimeSeconds'
> & { readonly logo: Logo | undefined };

export type EditableName = keyof EditableValues;

/** A setting that administrators can change while the server runs. */
export interface EditableSetting<Value> {
  /** Its key in the definition of the settings. */
  readonly key: EditableKey;
  /** Its name in the administration API. */
  readonly member: string;
  /** Parses the text that is stored, as the environment would contain it. */
  readonly schema: schema.SettingSchema<NonNullable<Value>>;
  /** The value that the environment sets, or the default. */
  readonly configured: (settings: LoadedSettings) => Value;
  /**
   * The stricter of two values: a variable of the environment is a floor that a stored value cannot weaken. Without this,
   * a variable fixes the setting.
   */
  readonly strictest?: (one: NonNullable<Value>, other: NonNullable<Value>) => NonNullable<Value>;
  /** What to change about an invalid text. @param issue the message of the schema */
  readonly invalid: (issue: string) => Message;
}

const minute = 60;
const day = 24 * 3600;
const maxLifetime = 365 * day;
/** From the most to the least restrictive. */
const signUpModes = ['off', 'invitation', 'open'] as const;

/** How each value is checked and combined with the environment. All other settings can only be set by the environment. */
export const editableSettings: { readonly [Name in EditableName]: EditableSetting<EditableValues[Name]> } = {
  productName: {
    key: 'productName',
    member: 'product_name',
    schema: z.string().trim().min(1).pipe(settingsDefinition.productName.schema.unwrap()),
    configured: ({ productName }) => productName,
    invalid: sentence('problem.setting.productName'),
  },
  logo: {
    key: 'logoPath',
    member: 'logo',
    schema: logoSchema,
    configured: ({ logoPath }) => (logoPath === undefined ? undefined : { path: logoPath }),
    invalid: (issue) => logoProblemText(issue as LogoProblem),
  },
  accent: {
    key: 'accent',
    member: 'accent',
    schema: settingsDefinition.accent.schema.unwrap(),
    configured: ({ accent }) => accent,
    invalid: sentence('problem.setting.accent'),
  },
  background: {
    key: 'background',
    member: 'background',
    schema: settingsDefinition.background.schema.unwrap(),
    configured: ({ background }) => background,
    invalid: sentence('problem.setting.background'),
  },
  supportContact: {
    key: 'supportContact',
    member: 'support_contact',
    schema: settingsDefinition.supportContact.schema.unwrap(),
    configured: ({ supportContact }) => supportContact,
    invalid: sentence('problem.setting.contact'),
  },
  termsUrl: {
    key: 'termsUrl',
    member: 'terms_url',
    schema: settingsDefinition.termsUrl.schema.unwrap(),
    configured: ({ termsUrl }) => termsUrl,
    invalid: sentence('problem.setting.httpsUrl'),
  },
  privacyUrl: {
    key: 'privacyUrl',
    member: 'privacy_url',
    schema: settingsDefinition.privacyUrl.schema.unwrap(),
    configured: ({ privacyUrl }) => privacyUrl,
    invalid: sentence('problem.setting.httpsUrl'),
  },
  signUp: {
    key: 'signUp',
    member: 'sign_up',
    schema: settingsDefinition.signUp.schema.unwrap(),
    configured: ({ signUp }) => signUp,
    strictest: (one, other) => (signUpModes.indexOf(one) <= signUpModes.indexOf(other) ? one : other),
    invalid: sentence('problem.setting.signUp'),
  },
  // A shorter session could end before the administrator has undone the change.
  sessionLifetimeSeconds: {
    key: 'sessionLifetimeSeconds',
    member: 'session_lifetime',
    configured: ({ sessionLifetimeSeconds }) => sessionLifetimeSeconds,
    ...lifetime(5 * minute),
  },
  sessionIdleLifetimeSeconds: {
    key: 'sessionIdleLifetimeSeconds',
    member: 'session_idle_lifetime',
    configured: ({ sessionIdleLifetimeSeconds }) => sessionIdleLifetimeSeconds,
    ...lifetime(5 * minute),
  },
  trustedBrowserLifetimeSeconds: {
    key: 'trustedBrowserLifetimeSeconds',
    member: 'trusted_browser_lifetime',
    configured: ({ trustedBrowserLifetimeSeconds }) => trustedBrowserLifetimeSeconds,
    ...lifetime(0),
  },
};

// The table has exactly these names.
export const editableNames = Object.keys(editableSettings) as readonly EditableName[];

function sentence(key: TextKey): () => Message {
  return () => text(key);
}

function lifetime(min: number): Pick<EditableSetting<number>, 'schema' | 'strictest' | 'invalid'> {
  return {
    schema: schema.seconds({ min, max: maxLifetime }),
    strictest: (one, other) => Math.min(one, other),
    invalid: () => text('problem.setting.lifetime', { min, max: maxLifetime }),
  };
}

/** The stored settings: the text of each value. */
export type StoredTexts = Readonly<Partial<Record<EditableName, string>>>;

export interface EffectiveSettings {
  readonly values: EditableValues;
  readonly sources: Readonly<Record<EditableName, SettingSource>>;
}

/**
 * Combines the environment with what is stored. A stored text that is no longer valid, such as one of a later version, is
 * ignored.
 */
export function effectiveSettings(loaded: LoadedSettings, stored: StoredTexts): EffectiveSettings {
  const effective = editableNames.map((name) => [name, effectiveSetting(name, loaded, stored[name])] as const);
  return Object.freeze({
    // Each value was combined by the definition of its name.
    values: Object.freeze(Object.fromEntries(effective.map(([name, { value }]) => [name, value]))) as EditableValues,
    sources: Object.freeze(
      Object.fromEntries(effective.map(([name, { source }]) => [name, source])),
    ) as EffectiveSettings['sources'],
  });
}

function effectiveSetting(
  name: EditableName,
  loaded: LoadedSettings,
  stored: string | undefined,
): { readonly value: unknown; readonly source: SettingSource } {
  const { key, schema: valid, strictest, configured } = definitionOf(name);
  const fromEnvironment = { value: configured(loaded), source: loaded.sources[key] };
  const parsed = stored === undefined ? undefined : valid.safeParse(stored);
  if (!parsed?.success) return fromEnvironment;
  const fromDatabase = { value: parsed.data, source: { kind: 'database' } } as const;
  if (fromEnvironment.source.kind === 'default') return fromDatabase;
  if (!strictest || isUnset(fromEnvironment.value)) return fromEnvironment;
  return strictest(fromEnvironment.value, parsed.data) === fromEnvironment.value ? fromEnvironment : fromDatabase;
}

/** Why this text cannot be stored; undefined if it can. */
export function settingProblem(name: EditableName, value: string, loaded: LoadedSettings): Message | undefined {
  const { key, schema: valid, strictest, configured, invalid } = definitionOf(name);
  const variable = variableOf(loaded, key);
  if (variable !== undefined && !strictest) return text('problem.setting.fixed', { variable });
  const parsed = valid.safeParse(value);
  if (!parsed.success) return invalid(parsed.error.issues[0]?.message ?? '');
  const floor = configured(loaded);
  if (variable === undefined || !strictest || isUnset(floor)) return undefined;
  return strictest(floor, parsed.data) === parsed.data
    ? undefined
    : text('problem.setting.floor', { variable, value: String(floor) });
}

function isUnset(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** The variable of the environment that sets a setting; undefined if it has its default. */
export function variableOf({ sources }: LoadedSettings, key: keyof typeof settingsDefinition): string | undefined {
  const source = sources[key];
  return 'variable' in source ? source.variable : undefined;
}

/** The values of one definition belong together, but not those of the union of all definitions. */
function definitionOf(name: EditableName): EditableSetting<unknown> {
  return editableSettings[name] as unknown as EditableSetting<unknown>;
}
