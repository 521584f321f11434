import { signatureAlgorithms } from '@gatehouse/domain/jose';
import {
  authMethods,
  grantTypeNames,
  responseTypeNames,
  type ClientFlagName,
  type ClientPropertyName,
} from '@gatehouse/domain/oauth';
import { text, type Text } from '../i18n/message.js';
import { problemModel, type FieldProblem, type ProblemModel } from '../web/form-errors.js';
import { listFieldModel } from '../web/list-fields.js';
import { metadataModel } from './client-metadata-form.js';
import { clientPropertyForms, isForAdministrators, mainFlags, mainProperties } from './client-property-forms.js';
import { rowLists, suggestedScopes, type ClientFormValues } from './client-form.js';
import { sectionsOf, type ClientTab } from './client-tabs.js';

interface FormView {
  readonly tab: ClientTab;
  readonly values: ClientFormValues;
  readonly problems: readonly FieldProblem[];
  /** The field to focus when there is no problem. */
  readonly focus?: string | undefined;
}

const grantTypeLabels: Readonly<Record<string, { readonly label: Text; readonly hint: Text }>> = {
  authorization_code: { label: text('clients.grant.code'), hint: text('clients.grant.codeHint') },
  refresh_token: { label: text('clients.grant.refresh'), hint: text('clients.grant.refreshHint') },
  client_credentials: { label: text('clients.grant.credentials'), hint: text('clients.grant.credentialsHint') },
  'urn:ietf:params:oauth:grant-type:device_code': {
    label: text('clients.grant.device'),
    hint: text('clients.grant.deviceHint'),
  },
  'urn:ietf:params:oauth:grant-type:token-exchange': {
    label: text('clients.grant.exchange'),
    hint: text('clients.grant.exchangeHint'),
  },
  'urn:ietf:params:oauth:grant-type:jwt-bearer': {
    label: text('clients.grant.assertion'),
    hint: text('clients.grant.assertionHint'),
  },
  implicit: { label: text('clients.grant.implicit'), hint: text('clients.grant.implicitHint') },
};

const authMethodLabels: Readonly<Record<string, Text>> = {
  client_secret_basic: text('clients.auth.basic'),
  client_secret_post: text('clients.auth.post'),
  client_secret_jwt: text('clients.auth.secretJwt'),
  private_key_jwt: text('clients.auth.keyJwt'),
};

const algorithmLabels: Readonly<Record<string, Text>> = {
  RS256: text('clients.algorithm.rs256'),
  ES256: text('clients.algorithm.es256'),
  EdDSA: text('clients.algorithm.eddsa'),
};

/** The view model of a form of an application. */
export function clientFormModel({ tab, values, problems, focus }: FormView): object {
  const model = problemModel(problems);
  const focused = model.firstProblem ?? focus;
  const fieldState = { problems: model.problems, focused };
  return {
    ...model,
    focused,
    words: Object.fromEntries(mainProperties.map((property) => [property, labelsOf(property)])),
    values: {
      name: values.name,
      type: values.type,
      applicationType: values.applicationType,
      authMethod: values.authMethod,
      idTokenSignedResponseAlg: values.idTokenSignedResponseAlg,
      grantTypes: values.grantTypes,
      responseTypes: values.responseTypes,
      owner: values.owner,
    },
    flags: flagModels(values.flags, fieldState),
    ...choiceModels(),
    ...listModels(values, fieldState),
    metadata: metadataModel(sectionsOf(tab), values.metadata, { ...fieldState, isFolded: tab === 'advanced' }),
    usesListFields: true,
    suggestedScopes,
  };
}

/** As in {@link grantTypeLabels}: the usual ones first. */
function inOrderOfLabels(names: readonly string[]): readonly string[] {
  const order = Object.keys(grantTypeLabels);
  return [...names].sort((a, b) => order.indexOf(a) - order.indexOf(b));
}

/** `device_code` of `urn:ietf:params:oauth:grant-type:device_code`, which is too long for a list. */
function shortGrantType(name: string): string {
  return name.split(':').at(-1) ?? name;
}

function choiceModels(): object {
  return {
    types: [
      { value: 'confidential', label: text('clients.type.confidential'), hint: text('clients.type.confidentialHint') },
      { value: 'public', label: text('clients.type.public'), hint: text('clients.type.publicHint') },
    ],
    applicationTypes: [
      { value: 'web', label: text('clients.applicationType.web') },
      { value: 'native', label: text('clients.applicationType.native') },
    ],
    authMethods: authMethods
      .filter((method) => method !== 'none')
      .map((method) => ({ value: method, label: authMethodLabels[method] ?? method })),
    grantTypes: inOrderOfLabels(grantTypeNames).map((name) => ({
      value: name,
      wire: shortGrantType(name),
      label: name,
      ...grantTypeLabels[name],
    })),
    responseTypes: responseTypeNames.map((name) => ({ value: name, label: name })),
    algorithms: [...new Set([...Object.keys(algorithmLabels), ...signatureAlgorithms])].map((name) => ({
      value: name,
      label: algorithmLabels[name] ?? name,
    })),
  };
}

type FieldState = Pick<ProblemModel, 'problems'> & { readonly focused: string | undefined };

function listModels(values: ClientFormValues, state: FieldState): object {
  const [redirectUris, postLogoutRedirectUris, scope, tokenExchange] = rowLists;
  return {
    redirectUris: listFieldModel(
      redirectUris,
      values.redirectUris.map((value, row) => ({ value, isDefault: row === values.defaultRedirectUri })),
      state,
    ),
    postLogoutRedirectUris: listFieldModel(
      postLogoutRedirectUris,
      values.postLogoutRedirectUris.map((value) => ({ value })),
      state,
    ),
    scopes: listFieldModel(
      scope,
      values.scope.map((value, row) => ({ value, isDefault: values.defaultScope.includes(row) })),
      state,
    ),
    tokenExchange: listFieldModel(
      tokenExchange,
      values.tokenExchange.map((value, row) => ({ value, isDefault: values.impersonation.includes(row) })),
      state,
    ),
  };
}

function flagModels(flags: ClientFormValues['flags'], { problems, focused }: FieldState): object {
  const modelOf = (name: ClientFlagName): object => ({
    ...labelsOf(name),
    name,
    checked: flags[name],
    problem: problems[name],
    focus: focused === name,
    administrators: isForAdministrators(name),
  });
  return Object.fromEntries(mainFlags.map((name) => [name, modelOf(name)]));
}

function labelsOf(property: ClientPropertyName): { readonly label: Text; readonly hint: Text } {
  const { label, help } = clientPropertyForms[property];
  return { label, hint: help };
}
