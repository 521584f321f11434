import {
  metadataProperties,
  metadataPropertyNames,
  type Client,
  type ClientInput,
  type MetadataPropertyName,
} from '@gatehouse/domain/oauth';
import type { Form } from '@gatehouse/platform/http/form';
import type { FieldProblem } from '../web/form-errors.js';
import { text, type Message } from '../i18n/message.js';
import { metadataGroups } from './client-property-forms.js';

const fields = metadataGroups.flatMap((group) => group.fields);
const maxCharacters = 40_000;

/** As submitted: text by member; a flag is `yes` or empty. */
export type MetadataValues = Readonly<Partial<Record<MetadataPropertyName, string>>>;

/** The default choices of a new client. */
export const blankMetadata: MetadataValues = Object.fromEntries(
  metadataPropertyNames.flatMap((name) => {
    const { default: standard } = metadataProperties[name];
    return typeof standard === 'string' ? [[name, standard]] : [];
  }),
);

export function metadataValues(client: Client): MetadataValues {
  return Object.fromEntries(fields.map((field) => [field.member, formatValue(client[field.member])]));
}

function formatValue(value: Client[MetadataPropertyName]): string {
  if (value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'yes' : '';
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  return isList(value) ? value.join('\n') : JSON.stringify(value, undefined, 2);
}

function isList(value: object): value is readonly string[] {
  return Array.isArray(value);
}

export function readMetadataValues(form: Form): MetadataValues {
  return Object.fromEntries(fields.map(({ member }) => [member, form.text(member).slice(0, maxCharacters)]));
}

/** The values as client properties; a blank value resets the property to its default. */
export function metadataInput(values: MetadataValues): {
  readonly input: ClientInput;
  readonly problems: readonly FieldProblem[];
} {
  const input: Record<string, unknown> = {};
  const problems: FieldProblem[] = [];
  for (const { member, kind } of fields) {
    const text = (values[member] ?? '').trim();
    if (kind === 'flag') input[member] = text === 'yes';
    else if (text === '') input[member] = undefined;
    else if (kind === 'lines') input[member] = linesOf(text);
    else if (kind === 'seconds') input[member] = /^\d{1,12}$/.test(text) ? Number(text) : NaN;
    else if (kind === 'keys') {
      const keys = parseKeys(text);
      if (keys) input[member] = keys;
      else problems.push({ field: member, message: 'This is no JSON object.' });
    } else input[member] = text;
  }
  // Every value has the kind that the table gives for its property.
  return { input, problems };
}

function linesOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function parseKeys(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Maps a problem with one line of a multi-line field to the field, and names the line. */
export function metadataProblem({ field, message }: FieldProblem): FieldProblem {
  const [member = '', index] = field.split('.');
  const isLines = fields.some((each) => each.member === member && each.kind === 'lines');
  return isLines && index !== undefined
    ? { field: member, message: `Line ${Number(index) + 1}: ${message}` }
    : { field, message };
}

/** The view model: a group is open when one of its fields has a problem. */
export function metadataModel(
  values: MetadataValues,
  problems: Readonly<Record<string, Message>>,
  focused: string | undefined,
): readonly object[] {
  return metadataGroups.map(({ title, fields: inGroup }) => {
    const filled = inGroup.filter(({ member }) => (values[member] ?? '') !== (blankMetadata[member] ?? '')).length;
    return {
      title,
      filled,
      open: inGroup.some(({ member }) => problems[member] !== undefined),
      fields: inGroup.map(({ member, wire, label, help, kind, administrators, choices }) => ({
        member,
        wire,
        label,
        hint: help,
        kind,
        administrators,
        value: values[member] ?? '',
        problem: problems[member],
        focus: focused === member,
        choices: [
          ...(blankMetadata[member] === undefined
            ? [{ name: '', words: text('client.notSet'), chosen: (values[member] ?? '') === '' }]
            : []),
          ...choices.map((name) => ({ name, words: name, chosen: name === values[member] })),
        ],
      })),
    };
  });
}
