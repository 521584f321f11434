import { signatureAlgorithms } from '@gatehouse/domain/jose';
import {
  authMethods,
  grantTypeNames,
  responseTypeNames,
  type Client,
  type ClientPropertyName,
} from '@gatehouse/domain/oauth';
import { problemModel, type FieldProblem, type ProblemModel } from '../web/form-errors.js';
import { listFieldModel } from '../web/list-fields.js';
import { revisionOf } from '../web/revision.js';
import type { Text } from '../i18n/message.js';
import { metadataModel } from './client-metadata-form.js';
import { clientPropertyForms, isForAdministrators, mainFlags, mainProperties } from './client-property-forms.js';
import { rowLists, suggestedScopes, type ClientFormValues } from './client-form.js';

interface FormView {
  readonly values: ClientFormValues;
  readonly problems: readonly FieldProblem[];
  /** The field to focus when there is no problem. */
  readonly focus?: string | undefined;
}

const grantTypeLabels: Readonly<Record<string, string>> = {
  authorization_code: 'Logs people in (authorization code)',
  refresh_token: 'Keeps access with refresh tokens; with openid, it also needs the scope offline_access',
  client_credentials: 'Acts for itself, without a person',
  'urn:ietf:params:oauth:grant-type:device_code': 'Runs on a device without a browser: people type its code elsewhere',
  'urn:ietf:params:oauth:grant-type:token-exchange':
    'Exchanges tokens that people gave it for tokens of other APIs, which an administrator names',
  'urn:ietf:params:oauth:grant-type:jwt-bearer':
    'Brings assertions of another server, an issuer that an administrator names, for tokens of people',
  implicit: 'Gets ID tokens, or tokens, in the redirect itself (implicit and hybrid flows)',
};

const authMethodLabels: Readonly<Record<string, string>> = {
  client_secret_basic: 'HTTP Basic (client_secret_basic)',
  client_secret_post: 'In the form body (client_secret_post)',
  client_secret_jwt: 'By a JWT that its secret signs (client_secret_jwt)',
  private_key_jwt: 'By a JWT that its private key signs (private_key_jwt)',
};

const algorithmLabels: Readonly<Record<string, string>> = {
  RS256: 'RS256: every library knows it',
  ES256: 'ES256: faster, smaller signatures',
  EdDSA: 'EdDSA: fastest, newer libraries',
};

/** The view model of the client form, for adding and editing. */
export function clientFormModel({ values, problems, focus }: FormView): object {
  const model = problemModel(problems);
  const focused = model.firstProblem ?? focus;
  const [redirectUris, postLogoutRedirectUris, scope] = rowLists;
  const fieldState = { problems: model.problems, focused };
  return {
    ...model,
    focused,
    words: Object.fromEntries(mainProperties.map((property) => [property, labelsOf(property)])),
    values: { name: values.name, owner: values.owner, tokenExchange: values.tokenExchange },
    flags: flagModels(values.flags, fieldState),
    types: options(['confidential', 'public'], values.type, {
      confidential: 'Confidential: it runs on a server and can keep a secret',
      public: 'Public: it runs in a browser or on a device and has none',
    }),
    applicationTypes: options(['web', 'native'], values.applicationType, {
      web: 'Web',
      native: 'Native (an app on a device)',
    }),
    authMethods: options(
      authMethods.filter((method) => method !== 'none'),
      values.authMethod,
      authMethodLabels,
    ),
    grantTypes: grantTypeNames.map((name) => ({
      name,
      words: grantTypeLabels[name] ?? name,
      checked: values.grantTypes.includes(name),
    })),
    responseTypes: responseTypeNames.map((name) => ({ name, checked: values.responseTypes.includes(name) })),
    metadata: metadataModel(values.metadata, model.problems, focused),
    algorithms: options(
      [...new Set([...Object.keys(algorithmLabels), ...signatureAlgorithms])],
      values.idTokenSignedResponseAlg,
      algorithmLabels,
    ),
    redirectUris: listFieldModel(
      redirectUris,
      values.redirectUris.map((value, row) => ({ value, isDefault: row === values.defaultRedirectUri })),
      fieldState,
    ),
    postLogoutRedirectUris: listFieldModel(
      postLogoutRedirectUris,
      values.postLogoutRedirectUris.map((value) => ({ value })),
      fieldState,
    ),
    scopes: listFieldModel(
      scope,
      values.scope.map((value, row) => ({ value, isDefault: values.defaultScope.includes(row) })),
      fieldState,
    ),
    usesListFields: true,
    suggestedScopes,
  };
}

function flagModels(
  flags: ClientFormValues['flags'],
  { problems, focused }: Pick<ProblemModel, 'problems'> & { readonly focused: string | undefined },
): object[] {
  return mainFlags.map((name) => ({
    ...labelsOf(name),
    name,
    checked: flags[name],
    problem: problems[name],
    focus: focused === name,
    administrators: isForAdministrators(name),
    confidentialOnly: clientPropertyForms[name].confidentialOnly,
  }));
}

function labelsOf(property: ClientPropertyName): { readonly label: Text; readonly hint: Text | undefined } {
  const { label, help } = clientPropertyForms[property];
  return { label, hint: help };
}

function options(names: readonly string[], chosen: string, labels: Readonly<Record<string, string>>): object[] {
  return names.map((name) => ({ name, words: labels[name] ?? name, chosen: name === chosen }));
}

/** A row of the list of clients. */
export function clientLine(client: Client, owners: ReadonlyMap<string, string>): object {
  return {
    id: client.id,
    name: client.name,
    type: client.type,
    owner: client.ownerId === undefined ? undefined : owners.get(client.ownerId),
    createdAt: client.createdAt,
    revision: revisionOf(client),
    restricted: client.restrictedAt !== undefined,
    disabled: client.disabledAt !== undefined,
    unapproved: client.approvedAt === undefined,
    hosts: hostsOf(client.redirectUris),
  };
}

/** The hosts of the redirect URIs, for the administrator who reviews the client. */
function hostsOf(redirectUris: readonly string[]): string {
  const hosts = [...new Set(redirectUris.map((uri) => new URL(uri)).map((url) => url.host || url.protocol))];
  return hosts.length > 3 ? `${hosts.slice(0, 3).join(', ')}, …` : hosts.join(', ');
}
