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

interface Shown {
  readonly values: ClientFormValues;
  readonly problems: readonly FieldProblem[];
  /** The field to go on with, when nothing is wrong. */
  readonly focus?: string | undefined;
}

const grantTypeWords: Readonly<Record<string, string>> = {
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

const authMethodWords: Readonly<Record<string, string>> = {
  client_secret_basic: 'HTTP Basic (client_secret_basic)',
  client_secret_post: 'In the form body (client_secret_post)',
  client_secret_jwt: 'By a JWT that its secret signs (client_secret_jwt)',
  private_key_jwt: 'By a JWT that its private key signs (private_key_jwt)',
};

const algorithmWords: Readonly<Record<string, string>> = {
  RS256: 'RS256: every library knows it',
  ES256: 'ES256: faster, smaller signatures',
  EdDSA: 'EdDSA: fastest, newer libraries',
};

/** The model of the form of a client, for adding and for editing. */
export function clientFormModel({ values, problems, focus }: Shown): object {
  const model = problemModel(problems);
  const focused = model.firstProblem ?? focus;
  const [redirectUris, postLogoutRedirectUris, scope] = rowLists;
  const shown = { problems: model.problems, focused };
  return {
    ...model,
    focused,
    words: Object.fromEntries(mainProperties.map((property) => [property, wordsOf(property)])),
    values: { name: values.name, owner: values.owner, tokenExchange: values.tokenExchange },
    flags: flagModels(values.flags, shown),
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
      authMethodWords,
    ),
    grantTypes: grantTypeNames.map((name) => ({
      name,
      words: grantTypeWords[name] ?? name,
      checked: values.grantTypes.includes(name),
    })),
    responseTypes: responseTypeNames.map((name) => ({ name, checked: values.responseTypes.includes(name) })),
    metadata: metadataModel(values.metadata, model.problems, focused),
    algorithms: options(
      [...new Set([...Object.keys(algorithmWords), ...signatureAlgorithms])],
      values.idTokenSignedResponseAlg,
      algorithmWords,
    ),
    redirectUris: listFieldModel(
      redirectUris,
      values.redirectUris.map((value, row) => ({ value, isDefault: row === values.defaultRedirectUri })),
      shown,
    ),
    postLogoutRedirectUris: listFieldModel(
      postLogoutRedirectUris,
      values.postLogoutRedirectUris.map((value) => ({ value })),
      shown,
    ),
    scopes: listFieldModel(
      scope,
      values.scope.map((value, row) => ({ value, isDefault: values.defaultScope.includes(row) })),
      shown,
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
    ...wordsOf(name),
    name,
    checked: flags[name],
    problem: problems[name],
    focus: focused === name,
    administrators: isForAdministrators(name),
    confidentialOnly: clientPropertyForms[name].confidentialOnly,
  }));
}

function wordsOf(property: ClientPropertyName): { readonly label: Text; readonly hint: Text | undefined } {
  const { label, help } = clientPropertyForms[property];
  return { label, hint: help };
}

function options(names: readonly string[], chosen: string, words: Readonly<Record<string, string>>): object[] {
  return names.map((name) => ({ name, words: words[name] ?? name, chosen: name === chosen }));
}

/** One line of the list of clients. */
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

/** Where a client sends people, for whoever judges it. */
function hostsOf(redirectUris: readonly string[]): string {
  const hosts = [...new Set(redirectUris.map((uri) => new URL(uri)).map((url) => url.host || url.protocol))];
  return hosts.length > 3 ? `${hosts.slice(0, 3).join(', ')}, …` : hosts.join(', ');
}
