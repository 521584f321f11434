import { fieldsChangedBy } from '../clients/client-tabs.js';
import { routes } from '../web/routes.js';
import { Text } from '@gatehouse/platform/i18n/message';
import { text, type Message } from '../i18n/message.js';
import type { SavedForm } from '../users/sessions/saved-forms.service.js';
import { formFields, type FormField } from './saved-form-field-table.js';

export type RecordKind = 'user' | 'client' | 'resource' | 'issuer' | 'failed request';

/** Describes what a form does, for the user who is about to send it. */
export interface SavedFormDescription {
  readonly sentence: Message;
  readonly kind: RecordKind | undefined;
  /** The ids of the records that it changes. */
  readonly ids: readonly string[];
  /** The page that it belongs to. */
  readonly page: string;
  /** The fields that the sentence and the names of the records do not cover. */
  readonly fields: SavedForm['fields'];
  /** Every field that the form can have, in its order. */
  readonly expected: readonly FormField[];
}

interface Rule {
  /** Lower case. `:id` stands for the id of a record. */
  readonly path: string;
  /** One message for all buttons of the form, or one per `action`. */
  readonly does: Message | Readonly<Record<string, Message>>;
  readonly kind?: RecordKind;
  /** The field that holds the ids, if they are not in the path. */
  readonly idField?: string;
  /** Defaults to the form's own address. `:id` as in `path`. */
  readonly page?: string;
  /** Fields that the sentence and the names of the records do not cover. */
  readonly fields?: readonly FormField[];
  /** True: a form of one page of an application, which has only some of the fields. */
  readonly isPartial?: boolean;
}

const userPage = `${routes.users}/update/:id`;
const clientPage = `${routes.clients}/update/:id`;
const resourcePage = `${routes.resources}/update/:id`;
const clientActions = {
  approve: text('resume.does.approveClient'),
  enable: text('resume.does.enableClient'),
  disable: text('resume.does.disableClient'),
  restrict: text('resume.does.restrictClient'),
  unrestrict: text('resume.does.unrestrictClient'),
};
const bulkClientActions = {
  approve: text('resume.does.approveClients'),
  enable: text('resume.does.enableClients'),
  disable: text('resume.does.disableClients'),
  restrict: text('resume.does.restrictClients'),
  unrestrict: text('resume.does.unrestrictClients'),
};

/** Static paths come before those with an id. */
const rules: readonly Rule[] = [
  { path: routes.email, does: text('resume.email') },
  { path: routes.deleteAccount, does: text('delete.title') },
  { path: routes.factors, does: { 'new-codes': text('resume.codes') } },

  {
    path: routes.users,
    does: { enable: text('resume.does.enableUsers'), disable: text('resume.does.disableUsers') },
    kind: 'user',
    idField: 'id',
  },
  { path: `${routes.users}/add`, does: text('resume.does.addUser'), fields: formFields.user },
  { path: routes.roles, does: text('resume.does.roles'), fields: formFields.roles },
  {
    path: routes.branding,
    does: { save: text('resume.does.branding'), reset: text('resume.does.resetBranding') },
    fields: formFields.branding,
  },
  { path: routes.signInSettings, does: text('resume.does.signIn'), fields: formFields.signInSettings },
  { path: routes.invitations, does: text('resume.does.invite'), fields: formFields.invitations },
  { path: userPage, does: text('resume.does.changeUser'), kind: 'user', fields: formFields.user },
  { path: `${routes.users}/enable/:id`, does: text('resume.does.enableUser'), kind: 'user', page: userPage },
  { path: `${routes.users}/disable/:id`, does: text('resume.does.disableUser'), kind: 'user', page: userPage },
  {
    path: `${routes.users}/link/:id`,
    does: text('resume.does.link'),
    kind: 'user',
    page: userPage,
  },
  { path: `${routes.users}/delete/:id`, does: text('resume.does.deleteUser'), kind: 'user' },
  { path: `${routes.userFactors}/:id`, does: text('resume.does.resetFactors'), kind: 'user' },

  {
    path: routes.clients,
    does: bulkClientActions,
    kind: 'client',
    idField: 'id',
  },
  { path: `${routes.clients}/add`, does: text('resume.does.addClient'), fields: formFields.newClient, isPartial: true },
  {
    path: `${routes.clients}/state/:id`,
    does: clientActions,
    kind: 'client',
    page: clientPage,
  },
  {
    path: clientPage,
    does: text('resume.does.changeClient'),
    kind: 'client',
    fields: formFields.client,
    isPartial: true,
  },
  { path: `${routes.clients}/delete/:id`, does: text('resume.does.deleteClient'), kind: 'client' },
  {
    path: `${routes.clients}/secret/:id`,
    does: text('resume.does.rotateSecret'),
    kind: 'client',
    page: clientPage,
    fields: formFields.clientSecret,
  },
  {
    path: `${routes.clients}/roles/:id`,
    does: text('resume.does.clientRoles'),
    kind: 'client',
    fields: formFields.clientRoles,
  },

  { path: `${routes.resources}/add`, does: text('resume.does.addApi'), fields: formFields.resource },
  { path: resourcePage, does: text('resume.does.changeApi'), kind: 'resource', fields: formFields.resource },
  { path: `${routes.resources}/delete/:id`, does: text('resume.does.deleteApi'), kind: 'resource' },
  {
    path: `${routes.resources}/credentials/:id`,
    does: text('resume.does.apiCredentials'),
    kind: 'resource',
    page: resourcePage,
  },

  { path: `${routes.issuers}/add`, does: text('resume.does.addIssuer'), fields: formFields.issuer },
  {
    path: `${routes.issuers}/update/:id`,
    does: text('resume.does.changeIssuer'),
    kind: 'issuer',
    fields: formFields.issuer,
  },
  {
    path: `${routes.issuers}/delete/:id`,
    does: text('resume.does.deleteIssuer'),
    kind: 'issuer',
    page: `${routes.issuers}/update/:id`,
  },

  {
    path: `${routes.failedRequests}/:id`,
    does: {
      enable: text('resume.does.enableOfRequest'),
      fix: text('resume.does.fix'),
    },
    kind: 'failed request',
  },
  {
    path: routes.keys,
    does: { rotate: text('resume.does.rotateKeys'), 'rotate-now': text('resume.does.rotateKeysNow') },
  },
];

/** Fields that change nothing themselves: the CSRF token, the revisions, and the page or list that the form is on. */
const technical = /^(csrf|tab|confirmed|q|order|revision(:.*)?)$/;
/** The actions of forms with a single button. */
const plainActions = ['save', 'invite'];

/**
 * Describes a saved form. If no rule matches, shows its address and all of its fields, so that nothing is sent without
 * being shown.
 */
export function describeSavedForm({ address, fields }: SavedForm): SavedFormDescription {
  const path = (address.split('?')[0] ?? '').replace(/\/+$/, '');
  const shown = fields.filter(([name]) => !technical.test(name));
  for (const rule of rules) {
    const found = matchPath(rule.path, path);
    if (!found) continue;
    const actions = shown.flatMap(([name, value]) => (name === 'action' ? [value] : []));
    const sentence = sentenceOf(rule, actions);
    if (sentence === undefined) break;
    const { kind, idField } = rule;
    const ids = idField === undefined ? found.ids : shown.flatMap(([name, value]) => (name === idField ? [value] : []));
    return {
      sentence,
      kind,
      ids: [...new Set(ids)],
      page: rule.page?.replace(':id', encodeURIComponent(found.ids[0] ?? '')) ?? address,
      fields: shown.filter(([name]) => name !== 'action' && name !== idField),
      expected: expectedOf(rule, fields),
    };
  }
  return {
    sentence: text('resume.other', { path }),
    kind: undefined,
    ids: [],
    page: address,
    fields: shown,
    expected: [],
  };
}

/** The fields that this form can have: a form of an application changes only those of its page, and those that it has. */
function expectedOf({ fields = [], isPartial }: Rule, sent: SavedForm['fields']): readonly FormField[] {
  if (isPartial !== true) return fields;
  const tab = sent.find(([name]) => name === 'tab')?.[1];
  const changes = fieldsChangedBy(
    tab,
    sent.map(([name]) => name),
  );
  return fields.filter(({ name }) => changes(name));
}

/** Undefined if the form has an action that its page does not offer. */
function sentenceOf({ does }: Rule, actions: readonly string[]): Message | undefined {
  const [action, ...others] = actions;
  if (others.length > 0) return undefined;
  if (typeof does === 'string' || does instanceof Text)
    return action === undefined || plainActions.includes(action) ? does : undefined;
  return action !== undefined && Object.hasOwn(does, action) ? does[action] : undefined;
}

/** Matches like the router: case-insensitive except for ids, with or without a trailing slash. */
function matchPath(pattern: string, path: string): { readonly ids: readonly string[] } | undefined {
  const [expected, actual] = [pattern.split('/'), path.split('/')];
  if (expected.length !== actual.length) return undefined;
  const ids: string[] = [];
  for (const [index, part] of expected.entries()) {
    const given = actual[index] ?? '';
    if (part === ':id') ids.push(decoded(given));
    else if (part !== given.toLowerCase()) return undefined;
  }
  return { ids };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
