import { hasText, text, type Message } from '../i18n/message.js';
import type { SavedFormDescription } from './saved-form-description.js';

/** One field of a saved form, with all of its values. */
export interface DisplayedField {
  readonly name: string;
  /** Undefined if the form has no label for it. */
  readonly label: Message | undefined;
  readonly values: readonly Message[];
  /** True if this form changes the checkbox. */
  readonly changed?: boolean;
}

/** The labels of administration forms, for fields without a label of their own. */
const labels: Readonly<Record<string, Message>> = {
  name: text('resume.label.name'),
  username: text('resume.label.username'),
  email: text('resume.label.email'),
  emails: text('resume.label.emails'),
  emailVerified: text('resume.label.emailVerified'),
  phoneNumberVerified: text('resume.label.phoneNumberVerified'),
  role: text('resume.label.role'),
  roles: text('resume.label.roles'),
  secondFactor: text('resume.label.secondFactor'),
  type: text('resume.label.type'),
  kind: text('resume.label.kind'),
  scope: text('resume.label.scope'),
  sentence: text('resume.label.sentence'),
  overlap: text('resume.label.overlap'),
  identifier: text('resume.label.identifier'),
  tokenFormat: text('resume.label.tokenFormat'),
  signingAlgorithm: text('resume.label.signingAlgorithm'),
  lifetime: text('resume.label.lifetime'),
  access: text('resume.label.access'),
  issuer: text('resume.label.issuer'),
  jwksUri: text('resume.label.jwksUri'),
  jwks: text('resume.label.jwks'),
  subject: text('resume.label.subject'),
  clients: text('resume.label.clients'),
  resources: text('resume.label.resources'),
  state: text('resume.label.state'),
  fix: text('resume.label.fix'),
  confirm: text('resume.label.confirm'),
  product_name: text('branding.name'),
  accent: text('branding.accent'),
  background: text('branding.background'),
  support_contact: text('branding.contact'),
  terms_url: text('branding.terms'),
  privacy_url: text('branding.privacy'),
  sign_up: text('signInSettings.signUp'),
  session_lifetime: text('signInSettings.sessionLifetime'),
  session_idle_lifetime: text('signInSettings.idleLifetime'),
  trusted_browser_lifetime: text('signInSettings.trustedLifetime'),
};

/** Labels of account pages, in the user's language. */
const ownLabels: Readonly<Record<string, Message>> = {
  email: text('email.label'),
  username: text('delete.confirm'),
};

/** Fields whose value is the row number of another field. */
const rowsOf: Readonly<Record<string, string>> = {
  defaultRedirectUri: 'redirectUri',
  defaultScope: 'scope',
  impersonation: 'tokenExchange',
};

/** Determines how fields are shown. */
export interface FieldContext {
  /** Whether the sender is an administrator. */
  readonly isAdmin: boolean;
  /** The current record, if the form changes one: the checkboxes are compared with it. */
  readonly before?: object | undefined;
}

/**
 * Every field that the form has or could have, in the order of the form and grouped by name; unknown fields come last.
 * A checkbox that was not sent is off, and a list that was not sent is empty.
 */
export function fieldsToShow(
  { fields, expected, kind, page }: SavedFormDescription,
  { isAdmin, before }: FieldContext,
): {
  readonly entered: readonly DisplayedField[];
  /** Fields without a value or not sent, which may clear the current value. */
  readonly empty: readonly DisplayedField[];
} {
  const sent = new Map<string, string[]>();
  for (const [name, value] of fields) sent.set(name, [...(sent.get(name) ?? []), value]);
  const isOwn = kind === undefined && page.startsWith('/account');
  const known = new Map(
    expected.filter(({ administrators }) => isAdmin || administrators !== true).map((field) => [field.name, field]),
  );
  const all = [...new Set([...known.keys(), ...sent.keys()])].map((name): DisplayedField => {
    const label = expected.find((field) => field.name === name)?.label ?? labelOf(name, isOwn);
    const typed = sent.get(name);
    const fieldKind = known.get(name)?.kind;
    if (fieldKind === 'switch') return { name, label, ...switchState(typed !== undefined, stateOf(before, name)) };
    // The form's handler reads only the first value of such a field.
    const read = fieldKind === 'value' ? (typed ?? []).slice(0, 1) : (typed ?? []);
    const values = shownValues(name, read, sent).filter((value) => value.trim() !== '');
    return { name, label, values: fieldKind === 'list' && values.length === 0 ? [text('resume.none')] : values };
  });
  return {
    entered: all.filter(({ values }) => values.length > 0),
    empty: all.filter(({ values }) => values.length === 0),
  };
}

/** Replaces a row number by the content of that row; shows sentences with the scope of their row. */
function shownValues(name: string, values: readonly string[], sent: ReadonlyMap<string, readonly string[]>): string[] {
  if (name === 'sentence') {
    const scopes = sent.get('scope') ?? [];
    return values.map((sentence, row) => (scopes[row]?.trim() ? `${scopes[row]}: ${sentence.trim() || '–'}` : ''));
  }
  const rows = sent.get(rowsOf[name] ?? '');
  return values.map((value) => (/^\d{1,3}$/.test(value) ? (rows?.[Number(value)] ?? value) : value));
}

function switchState(isOn: boolean, was: boolean | undefined): Pick<DisplayedField, 'values' | 'changed'> {
  if (was === undefined || was === isOn) return { values: [text(isOn ? 'resume.on' : 'resume.off')] };
  return { values: [text(isOn ? 'resume.turnedOn' : 'resume.turnedOff')], changed: true };
}

/** Boolean properties of a record have the names of the form's fields. */
function stateOf(before: object | undefined, name: string): boolean | undefined {
  const found: unknown = before && Object.getOwnPropertyDescriptor(before, name)?.value;
  return typeof found === 'boolean' ? found : undefined;
}

function labelOf(name: string, isOwn: boolean): Message | undefined {
  if (isOwn && Object.hasOwn(ownLabels, name)) return ownLabels[name];
  if (Object.hasOwn(labels, name)) return labels[name];
  const key = `profile.${name}`;
  return hasText(key) ? text(key) : undefined;
}
