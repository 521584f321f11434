import type { ClientPropertyName } from '@gatehouse/domain/oauth';
import { text, type Text } from '../i18n/message.js';
import { metadataGroups, type MetadataGroup } from './client-metadata-sections.js';
import { fieldOfProperty } from './client-property-forms.js';

/** The pages of an application that have a form. Each form changes only the fields of its page. */
export const clientTabs = ['overview', 'scopes', 'tokens', 'advanced'] as const;
export type ClientTab = (typeof clientTabs)[number];

/** Every page of an application; `danger` has no fields. */
export const clientPages = [...clientTabs, 'danger'] as const;
export type ClientPage = (typeof clientPages)[number];

export const clientPageLabels: Readonly<Record<ClientPage | 'roles', Text>> = {
  overview: text('clients.tab.overview'),
  scopes: text('clients.tab.scopes'),
  roles: text('clients.tab.roles'),
  tokens: text('clients.tab.tokens'),
  advanced: text('clients.tab.advanced'),
  danger: text('clients.tab.danger'),
};

/** In the order of the form. */
interface TabContent {
  readonly main: readonly ClientPropertyName[];
  readonly sections: readonly MetadataGroup['section'][];
}

const contents: Readonly<Record<ClientTab, TabContent>> = {
  overview: { main: ['name', 'redirectUris', 'defaultRedirectUri'], sections: ['people'] },
  scopes: { main: ['scope', 'defaultScope', 'consentRequired'], sections: ['subjects'] },
  tokens: { main: ['grantTypes', 'responseTypes', 'idTokenSignedResponseAlg'], sections: ['refresh'] },
  advanced: {
    main: [
      ...(['authMethod', 'pkceRequired', 'applicationType', 'ownerId', 'secondFactorRequired'] as const),
      ...(['serviceAccount', 'tokenExchange', 'postLogoutRedirectUris'] as const),
    ],
    sections: ['keys', 'requests', 'identity', 'answers', 'logout', 'software'],
  },
};

export function sectionsOf(tab: ClientTab): readonly MetadataGroup['section'][] {
  return contents[tab].sections;
}

/** The names of the form fields of each tab. */
const fieldNames: Readonly<Record<ClientTab, ReadonlySet<string>>> = {
  overview: fieldNamesOf('overview'),
  scopes: fieldNamesOf('scopes'),
  tokens: fieldNamesOf('tokens'),
  advanced: new Set(['type', ...fieldNamesOf('advanced'), 'impersonation']),
};

function fieldNamesOf(tab: ClientTab): ReadonlySet<string> {
  const { main, sections } = contents[tab];
  const members = metadataGroups.filter(({ section }) => sections.includes(section)).flatMap(({ fields }) => fields);
  return new Set([...main.map(fieldOfProperty), ...members.map(({ member }) => member)]);
}

/** Fields that depend on another one, and are read with it. */
const companions: Readonly<Record<string, string>> = {
  defaultRedirectUri: 'redirectUri',
  defaultScope: 'scope',
  responseType: 'grantType',
  impersonation: 'tokenExchange',
};

/**
 * Whether a form changes a field: if the form has it, or if it is on the form's page. A browser does not send a checkbox that
 * is off and a list without rows, so a field of the page that is missing was switched off or emptied.
 */
export function fieldsChangedBy(tab: string | undefined, sent: Iterable<string>): (field: string) => boolean {
  const names = new Set(sent);
  const ofPage = fieldNames[clientTabs.find((each) => each === tab) ?? 'overview'];
  return (field) => (tab !== undefined && ofPage.has(field)) || names.has(field) || names.has(companions[field] ?? '');
}

/** The position of a field on a page, for the order of its problems; after all others if it is on another page. */
export function positionOfField(tab: ClientTab, name: string): number {
  const position = [...fieldNames[tab]].indexOf(fieldOfProperty(name.split('.')[0] ?? ''));
  return position < 0 ? fieldNames[tab].size : position;
}

/** The page that has a field, given by its name in problems: `redirectUris.2`, `owner`. */
export function tabOfField(name: string): ClientTab | undefined {
  const field = fieldOfProperty(name.split('.')[0] ?? '');
  return clientTabs.find((tab) => fieldNames[tab].has(field));
}
