import {
  metadataProperties,
  metadataPropertyNames,
  type Client,
  type ClientInput,
  type MetadataPropertyName,
} from '@gatehouse/domain/oauth';
import type { Form } from '@gatehouse/platform/http/form';
import type { FieldProblem } from '../web/form-errors.js';
import { text, type Message, type Text } from '../i18n/message.js';
import { metadataGroups, type MetadataGroup } from './client-metadata-sections.js';

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

/** As submitted; fields that the form does not change have the values of `base`. */
export function readMetadataValues(
  form: Form,
  base: MetadataValues,
  changes: (field: string) => boolean,
): MetadataValues {
  return Object.fromEntries(
    fields.map(({ member }) => [
      member,
      changes(member) ? form.text(member).slice(0, maxCharacters) : (base[member] ?? ''),
    ]),
  );
}

/** The values as client properties; a blank value resets the property to its default. */
export function metadataInput(values: MetadataValues): {
  readonly input: ClientInput;
  readonly problems: readonly FieldProblem[];
} {
  const input: Record<string, unknown> = {};
  const problems: FieldProblem[] = [];
  for (const { member, kind } of fields) {
    const typed = (values[member] ?? '').trim();
    if (kind === 'flag') input[member] = typed === 'yes';
    else if (typed === '') input[member] = undefined;
    else if (kind === 'lines') input[member] = linesOf(typed);
    else if (kind === 'seconds') input[member] = /^\d{1,12}$/.test(typed) ? Number(typed) : NaN;
    else if (kind === 'keys') {
      const keys = parseKeys(typed);
      if (keys) input[member] = keys;
      else problems.push({ field: member, message: text('clients.problem.json') });
    } else input[member] = typed;
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
    ? { field: member, message: text('clients.problem.line', { line: Number(index) + 1, problem: message }) }
    : { field, message };
}

/** The choices that are words of this server; the others are names of algorithms. */
const choiceLabels: Readonly<Partial<Record<MetadataPropertyName, Readonly<Record<string, Text>>>>> = {
  subjectType: { public: text('client.choice.subjectPublic'), pairwise: text('client.choice.subjectPairwise') },
  securityProfile: {
    none: text('client.choice.profileNone'),
    'fapi-2-security': text('client.choice.profileFapi'),
    'fapi-2-message-signing': text('client.choice.profileFapiSigning'),
  },
  refreshTokenRotation: {
    default: text('client.choice.rotationDefault'),
    always: text('client.choice.rotationAlways'),
    never: text('client.choice.rotationNever'),
  },
};

/** The view model of the sections of a page, in the order of the form. */
export function metadataModel(
  sections: readonly MetadataGroup['section'][],
  values: MetadataValues,
  {
    problems,
    focused,
    isFolded,
  }: {
    readonly problems: Readonly<Record<string, Message>>;
    readonly focused: string | undefined;
    /** Sections are shown on demand, unless a field has a problem. */
    readonly isFolded: boolean;
  },
): readonly object[] {
  const shown = metadataGroups.filter(({ section }) => sections.includes(section));
  return shown.map(({ section, title, fields: inGroup }) => ({
    id: `section-${section}`,
    title,
    fold: isFolded,
    open: inGroup.some(({ member }) => problems[member] !== undefined),
    badge: setBadge(inGroup.filter(({ member }) => (values[member] ?? '') !== (blankMetadata[member] ?? '')).length),
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
        ...(blankMetadata[member] === undefined ? [{ value: '', label: text('client.notSet') }] : []),
        ...choices.map((name) => ({ value: name, label: choiceLabels[member]?.[name] ?? name })),
      ],
    })),
  }));
}

/** How many settings differ from the default, which a folded section would hide. */
function setBadge(count: number): Text | undefined {
  return count === 0 ? undefined : text('clients.countSet', { count });
}
