import { hasText, text, type Message } from '../i18n/message.js';
import type { ResumedForm } from './resumed-form.js';

/** One field of a kept form, with all of its values. */
export interface ResumedField {
  readonly name: string;
  /** Undefined: the form has no words for it. */
  readonly label: Message | undefined;
  readonly values: readonly Message[];
  /** True: a switch that is turned on or off by this form. */
  readonly changed?: boolean;
}

/** The labels of the forms of administrators, where the field has none of its own. */
const labels: Readonly<Record<string, Message>> = {
  name: 'Name',
  username: 'Username',
  email: 'E-mail',
  emails: 'E-mail addresses',
  emailVerified: 'The e-mail address is verified',
  phoneNumberVerified: 'The phone number is verified',
  role: 'Roles',
  roles: 'Roles',
  secondFactor: 'Who needs a second factor',
  type: 'Type',
  scope: 'Scopes',
  sentence: 'What the consent page says of the scopes',
  overlap: 'The old secret goes on for (seconds)',
  identifier: 'Identifier',
  tokenFormat: 'Access token',
  signingAlgorithm: 'Signature of a JWT',
  lifetime: 'Lifetime in seconds',
  access: 'Who may ask for a token',
  issuer: 'Issuer',
  jwksUri: 'Address of its keys',
  jwks: 'Keys',
  subject: 'The sub of its assertions is',
  clients: 'Clients that may bring its assertions',
  resources: 'APIs',
  state: 'State',
  mend: 'Change',
  confirm: 'Confirmation',
};

/** Of a person's own pages, in their language. */
const ownLabels: Readonly<Record<string, Message>> = {
  email: text('email.label'),
  username: text('delete.confirm'),
};

/** Values that are the number of a row of another field. */
const rowsOf: Readonly<Record<string, string>> = { defaultRedirectUri: 'redirectUri', defaultScope: 'scope' };

/** What decides how fields are shown. */
export interface FieldContext {
  /** Whether the person who sends the form is an administrator. */
  readonly isAdmin: boolean;
  /** The record as it is, where the form changes one: its switches are compared. */
  readonly before?: object | undefined;
}

/**
 * Every field that the form has or could have had, in the order of the form, those of one name together; fields that it
 * does not know come last. A switch that was not sent is off, and a list that was not sent is empty.
 */
export function fieldsToShow(
  { fields, expected, kind, page }: ResumedForm,
  { isAdmin, before }: FieldContext,
): {
  readonly entered: readonly ResumedField[];
  /** What is sent without a value or not at all, which may empty what there was. */
  readonly empty: readonly ResumedField[];
} {
  const sent = new Map<string, string[]>();
  for (const [name, value] of fields) sent.set(name, [...(sent.get(name) ?? []), value]);
  const isOwn = kind === undefined && page.startsWith('/account');
  const known = new Map(
    expected.filter(({ administrators }) => isAdmin || administrators !== true).map((field) => [field.name, field]),
  );
  const all = [...new Set([...known.keys(), ...sent.keys()])].map((name): ResumedField => {
    const label = expected.find((field) => field.name === name)?.label ?? labelOf(name, isOwn);
    const typed = sent.get(name);
    const fieldKind = known.get(name)?.kind;
    if (fieldKind === 'switch') return { name, label, ...switchState(typed !== undefined, stateOf(before, name)) };
    // Of a field with one value, the form's handler reads the first that was sent.
    const read = fieldKind === 'value' ? (typed ?? []).slice(0, 1) : (typed ?? []);
    const values = shownValues(name, read, sent).filter((value) => value.trim() !== '');
    return { name, label, values: fieldKind === 'list' && values.length === 0 ? [text('resume.none')] : values };
  });
  return {
    entered: all.filter(({ values }) => values.length > 0),
    empty: all.filter(({ values }) => values.length === 0),
  };
}

/** A number of a row stands for what is in that row; sentences are shown with the scope of their row. */
function shownValues(name: string, values: readonly string[], sent: ReadonlyMap<string, readonly string[]>): string[] {
  if (name === 'sentence') {
    const scopes = sent.get('scope') ?? [];
    return values.map((sentence, row) => (scopes[row]?.trim() ? `${scopes[row]}: ${sentence.trim() || '–'}` : ''));
  }
  const rows = sent.get(rowsOf[name] ?? '');
  return values.map((value) => (/^\d{1,3}$/.test(value) ? (rows?.[Number(value)] ?? value) : value));
}

function switchState(isOn: boolean, was: boolean | undefined): Pick<ResumedField, 'values' | 'changed'> {
  if (was === undefined || was === isOn) return { values: [text(isOn ? 'resume.on' : 'resume.off')] };
  return { values: [text(isOn ? 'resume.turnedOn' : 'resume.turnedOff')], changed: true };
}

/** The switches of a record have the names that they have in its form. */
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
