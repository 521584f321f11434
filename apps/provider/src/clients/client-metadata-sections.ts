import {
  clientProperties,
  metadataProperties,
  metadataPropertyNames,
  type MetadataPropertyName,
} from '@gatehouse/domain/oauth';
import type { Text } from '../i18n/message.js';
import {
  clientPropertyForms,
  clientPropertyNamesInOrder,
  isForAdministrators,
  sectionTitles,
} from './client-property-forms.js';

/** A property in a section: a line, lines (one value each), a choice, a flag, seconds or a JWK set. */
export interface MetadataField {
  readonly member: MetadataPropertyName;
  /** Its name in the specifications. */
  readonly wire: string;
  readonly label: Text;
  readonly help: Text;
  readonly kind: 'line' | 'lines' | 'choice' | 'flag' | 'seconds' | 'keys';
  readonly choices: readonly string[];
  /** True: shown to administrators only. */
  readonly administrators: boolean;
}

export interface MetadataGroup {
  readonly section: keyof typeof sectionTitles;
  readonly title: Text;
  readonly fields: readonly MetadataField[];
}

function fieldOf(member: MetadataPropertyName): MetadataField {
  const { wire, choices = [] } = clientProperties[member];
  const { label, help } = clientPropertyForms[member];
  return { member, wire, label, help, kind: kindOf(member), choices, administrators: isForAdministrators(member) };
}

function kindOf(member: MetadataPropertyName): MetadataField['kind'] {
  switch (clientProperties[member].codec) {
    case 'flag':
      return 'flag';
    case 'number':
      return 'seconds';
    case 'list':
      return 'lines';
    case 'object':
      return 'keys';
    default:
      return 'choices' in metadataProperties[member] ? 'choice' : 'line';
  }
}

// TypeScript types the keys of an object literal as plain strings.
const sections = Object.keys(sectionTitles) as readonly (keyof typeof sectionTitles)[];

/** The sections of the form after the main one. */
export const metadataGroups: readonly MetadataGroup[] = sections.map((section) => ({
  section,
  title: sectionTitles[section],
  fields: clientPropertyNamesInOrder.flatMap((name) => {
    const member = metadataPropertyNames.find((each) => each === name);
    return member !== undefined && clientPropertyForms[name].section === section ? [fieldOf(member)] : [];
  }),
}));
