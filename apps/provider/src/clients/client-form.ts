import {
  checkedColumns,
  parseExchangeRules,
  standardScopes,
  type Client,
  type ClientFlagName,
  type ClientInput,
} from '@gatehouse/domain/oauth';
import type { Form } from '@gatehouse/platform/http/form';
import {
  blankMetadata,
  metadataInput,
  metadataProblem,
  metadataValues,
  readMetadataValues,
  type MetadataValues,
} from './client-metadata-form.js';
import { fieldOfProperty, mainFlags } from './client-property-forms.js';
import { domainMessage } from '../i18n/domain-messages.js';
import { text } from '../i18n/message.js';
import type { FieldProblem } from '../web/form-errors.js';
import { changeRows, maxRows, rowAfterRemoval, type ListField } from '../web/list-fields.js';

/** The client form as submitted: unchecked, with blank rows. */
export interface ClientFormValues {
  readonly name: string;
  readonly type: string;
  readonly applicationType: string;
  readonly authMethod: string;
  readonly redirectUris: readonly string[];
  /** The row index of the default redirect URI; -1 for none. */
  readonly defaultRedirectUri: number;
  readonly postLogoutRedirectUris: readonly string[];
  readonly scope: readonly string[];
  /** The row indexes of the default scopes. */
  readonly defaultScope: readonly number[];
  readonly grantTypes: readonly string[];
  /** Only used with the grant type implicit; `code` otherwise. */
  readonly responseTypes: readonly string[];
  readonly idTokenSignedResponseAlg: string;
  readonly metadata: MetadataValues;
  readonly flags: FlagValues;
  /** The APIs for which it may exchange tokens; only administrators see the field. */
  readonly tokenExchange: readonly string[];
  /** The row indexes of the APIs whose tokens do not name the client. */
  readonly impersonation: readonly number[];
  /** A username; only administrators see the field. */
  readonly owner: string;
}

/** The checkboxes of the main section. */
type FlagValues = Readonly<Partial<Record<ClientFlagName, boolean>>>;

function flagValues(isOn: (name: ClientFlagName) => boolean): FlagValues {
  return Object.fromEntries(mainFlags.map((name) => [name, isOn(name)]));
}

/** The list fields of the form. */
export const rowLists = [
  { list: 'redirectUris', row: 'redirect-uri', label: 'client.redirectUriRow' },
  { list: 'postLogoutRedirectUris', row: 'post-logout-redirect-uri', label: 'client.postLogoutRedirectUriRow' },
  { list: 'scope', row: 'scope', label: 'client.scopeRow' },
  { list: 'tokenExchange', row: 'token-exchange', label: 'client.tokenExchangeRow' },
] as const satisfies readonly ListField[];

export function blankClientForm(owner: string): ClientFormValues {
  return {
    name: '',
    type: 'confidential',
    applicationType: 'web',
    authMethod: 'client_secret_basic',
    redirectUris: [''],
    defaultRedirectUri: 0,
    postLogoutRedirectUris: [],
    scope: ['openid', 'profile', 'email', 'offline_access'],
    defaultScope: [1],
    grantTypes: ['authorization_code', 'refresh_token'],
    responseTypes: [],
    idTokenSignedResponseAlg: 'RS256',
    metadata: blankMetadata,
    flags: flagValues((name) => checkedColumns[name].default),
    tokenExchange: [],
    impersonation: [],
    owner,
  };
}

export function clientFormOf(client: Client, owner: string): ClientFormValues {
  return {
    name: client.name,
    type: client.type,
    applicationType: client.applicationType,
    authMethod: client.authMethod,
    redirectUris: client.redirectUris,
    defaultRedirectUri: client.redirectUris.indexOf(client.defaultRedirectUri ?? ''),
    postLogoutRedirectUris: client.postLogoutRedirectUris,
    scope: client.scope,
    defaultScope: client.scope.flatMap((scope, row) => (client.defaultScope.includes(scope) ? [row] : [])),
    grantTypes: client.grantTypes,
    responseTypes: client.responseTypes,
    idTokenSignedResponseAlg: client.idTokenSignedResponseAlg,
    metadata: metadataValues(client),
    flags: flagValues((name) => client[name]),
    tokenExchange: client.tokenExchange.map(({ resource }) => resource),
    impersonation: client.tokenExchange.flatMap(({ mode }, row) => (mode === 'impersonation' ? [row] : [])),
    owner,
  };
}

/** The form as submitted. Fields that it does not change have the values of `base`. */
export function readClientForm(
  form: Form,
  base: ClientFormValues,
  changes: (field: string) => boolean,
): ClientFormValues {
  const line = (field: string, before: string): string => (changes(field) ? form.text(field) : before);
  const rows = (field: string, before: readonly string[]): readonly string[] =>
    changes(field) ? form.all(field).slice(0, maxRows) : before;
  return {
    name: line('name', base.name),
    type: line('type', base.type),
    applicationType: line('applicationType', base.applicationType),
    authMethod: line('authMethod', base.authMethod),
    redirectUris: rows('redirectUri', base.redirectUris),
    defaultRedirectUri: changes('defaultRedirectUri')
      ? rowNumber(form.get('defaultRedirectUri'))
      : base.defaultRedirectUri,
    postLogoutRedirectUris: rows('postLogoutRedirectUri', base.postLogoutRedirectUris),
    scope: rows('scope', base.scope),
    defaultScope: changes('defaultScope') ? form.all('defaultScope').map(rowNumber) : base.defaultScope,
    grantTypes: rows('grantType', base.grantTypes),
    responseTypes: rows('responseType', base.responseTypes),
    idTokenSignedResponseAlg: line('idTokenSignedResponseAlg', base.idTokenSignedResponseAlg),
    metadata: readMetadataValues(form, base.metadata, changes),
    flags: flagValues((name) => (changes(name) ? form.has(name) : base.flags[name] === true)),
    tokenExchange: rows('tokenExchange', base.tokenExchange),
    impersonation: changes('tokenExchange') ? form.all('impersonation').map(rowNumber) : base.impersonation,
    owner: line('owner', base.owner).trim(),
  };
}

/** Applies a list button, and adjusts the row indexes of the defaults; undefined when the action is not a list button. */
export function changeLists(
  values: ClientFormValues,
  action: string,
): { readonly values: ClientFormValues; readonly focus: string } | undefined {
  for (const field of rowLists) {
    const changed = changeRows(field, values[field.list], action, '');
    if (!changed) continue;
    const { removed, focus } = changed;
    const after = (row: number): number => (removed === undefined ? row : rowAfterRemoval(row, removed));
    return {
      focus,
      values: {
        ...values,
        [field.list]: changed.rows,
        ...(field.list === 'redirectUris' ? { defaultRedirectUri: after(values.defaultRedirectUri) } : {}),
        ...(field.list === 'scope' ? { defaultScope: values.defaultScope.map(after) } : {}),
        ...(field.list === 'tokenExchange' ? { impersonation: values.impersonation.map(after) } : {}),
      },
    };
  }
  return undefined;
}

function rowNumber(text: string | undefined): number {
  return text !== undefined && /^\d{1,3}$/.test(text) ? Number(text) : -1;
}

export interface InputOfForm {
  readonly properties: ClientInput;
  /** Fields that could not be parsed. */
  readonly problems: readonly FieldProblem[];
  /** Maps a problem of the client to its row in the form. */
  inForm(problem: FieldProblem): FieldProblem;
}

/** The fields that a form changes as client properties, without blank and repeated rows. */
export function toInput(values: ClientFormValues, changes: (field: string) => boolean): InputOfForm {
  const redirectUris = filled(values.redirectUris);
  const postLogoutRedirectUris = filled(values.postLogoutRedirectUris);
  const scope = filled(values.scope);
  const rows: Readonly<Record<string, readonly number[]>> = {
    redirectUris: redirectUris.rows,
    postLogoutRedirectUris: postLogoutRedirectUris.rows,
    scope: scope.rows,
  };
  const { input: metadata, problems } = metadataInput(values.metadata);
  const exchange = parseExchangeRules(exchangeLines(values));
  const properties: ClientInput = {
    ...metadata,
    ...values.flags,
    name: values.name,
    applicationType: values.applicationType,
    redirectUris: redirectUris.values,
    defaultRedirectUri: values.redirectUris[values.defaultRedirectUri]?.trim() || undefined,
    postLogoutRedirectUris: postLogoutRedirectUris.values,
    grantTypes: values.grantTypes,
    responseTypes: values.grantTypes.includes('implicit') ? values.responseTypes : undefined,
    scope: scope.values,
    defaultScope: values.defaultScope.flatMap((row) => values.scope[row]?.trim() || []),
    idTokenSignedResponseAlg: values.idTokenSignedResponseAlg,
    tokenExchange: 'rules' in exchange ? exchange.rules : [],
  };
  return {
    problems: [
      ...problems,
      ...('problem' in exchange ? [{ field: 'tokenExchange', message: domainMessage(exchange.problem) }] : []),
      ...rowsWithSpaces(values.tokenExchange),
    ],
    properties: { ...changedOnes(properties, changes), ...authenticationOf(values, changes) },
    inForm: ({ field, message }) => {
      if (field === 'ownerId') return { field: 'owner', message };
      const [list = '', index] = field.split('.');
      const row = index === undefined ? undefined : rows[list]?.[Number(index)];
      return metadataProblem({ field: row === undefined ? field : `${list}.${row}`, message });
    },
  };
}

/** After a space, `impersonation` would count like the checkbox. */
function rowsWithSpaces(rows: readonly string[]): readonly FieldProblem[] {
  return rows.flatMap((typed, row) =>
    /\s/.test(typed.trim()) ? [{ field: `tokenExchange.${row}`, message: text('clients.problem.exchangeRow') }] : [],
  );
}

function exchangeLines({ tokenExchange, impersonation }: ClientFormValues): string[] {
  return tokenExchange.map((resource, row) =>
    resource.trim() !== '' && impersonation.includes(row) ? `${resource.trim()} impersonation` : resource,
  );
}

function changedOnes(properties: ClientInput, changes: (field: string) => boolean): ClientInput {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => changes(fieldOfProperty(name))));
}

/** Public clients have no secret and always use PKCE: the form hides both fields. */
function authenticationOf(values: ClientFormValues, changes: (field: string) => boolean): ClientInput {
  const isPublic = values.type === 'public';
  const pkceRequired = isPublic || values.flags.pkceRequired === true;
  if (!changes('type') && !changes('authMethod')) return changes('pkceRequired') ? { pkceRequired } : {};
  return { type: values.type, authMethod: isPublic ? 'none' : values.authMethod, pkceRequired };
}

function filled(submitted: readonly string[]): { values: string[]; rows: number[] } {
  const values: string[] = [];
  const rows: number[] = [];
  submitted.forEach((text, row) => {
    const value = text.trim();
    if (value === '' || values.includes(value)) return;
    values.push(value);
    rows.push(row);
  });
  return { values, rows };
}

/** Scopes that the form suggests. */
export const suggestedScopes = standardScopes;
