import { jwsAlgorithms } from '@gatehouse/domain/jose';
import { hasWrittenHost } from '@gatehouse/domain/kernel';
import type { Form } from '@gatehouse/platform/http/form';
import { text, type Text } from '../i18n/message.js';
import { defaultScope, type Provider } from './provider.js';
import type { ProviderDraft } from './providers.service.js';

/** The field values as typed. */
export interface ProviderFields {
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string;
  /** Empty: the default. */
  readonly idTokenAlgorithm: string;
  readonly publicClient: boolean;
}

/** The fields in the order of the form. */
export const providerFieldNames = [
  'name',
  'issuer',
  'client_id',
  'client_secret',
  'scope',
  'id_token_algorithm',
] as const;

type ProviderFieldName = (typeof providerFieldNames)[number];

export type ProviderProblems = Partial<Record<ProviderFieldName, Text>>;

export const emptyFields: ProviderFields = {
  name: '',
  issuer: '',
  clientId: '',
  clientSecret: '',
  scope: defaultScope.join(' '),
  idTokenAlgorithm: '',
  publicClient: false,
};

export function fieldsOf(provider: Provider): ProviderFields {
  const { name, issuer, clientId, scope, clientSecret } = provider;
  return {
    name,
    issuer,
    clientId,
    clientSecret: '',
    scope: scope.join(' '),
    idTokenAlgorithm: provider.idTokenSignedResponseAlg ?? '',
    publicClient: clientSecret === undefined,
  };
}

export function readFields(form: Form): ProviderFields {
  return {
    name: form.text('name').trim(),
    issuer: form.text('issuer').trim(),
    clientId: form.text('client_id').trim(),
    clientSecret: form.text('client_secret').trim(),
    scope: form.text('scope').trim(),
    idTokenAlgorithm: form.text('id_token_algorithm').trim(),
    publicClient: form.text('public') === 'yes',
  };
}

/** Validates everything that does not require a request to the provider. */
export function checkFields(
  fields: ProviderFields,
  stored: Provider | undefined,
): { draft: ProviderDraft } | { problems: ProviderProblems } {
  const problems: ProviderProblems = {};
  if (fields.name === '') problems.name = text('providers.problem.nameEmpty');
  else if (fields.name.length > 100) problems.name = text('providers.problem.nameLong');
  const issuer = parseIssuer(fields.issuer);
  if (issuer === undefined) problems.issuer = text('providers.problem.issuer');
  if (!/^[\x20-\x7e]{1,255}$/.test(fields.clientId)) problems.client_id = text('providers.problem.clientId');
  if (!/^[\x20-\x7e]{0,1000}$/.test(fields.clientSecret)) problems.client_secret = text('providers.problem.secretLong');
  else if (fields.clientSecret === '' && !fields.publicClient && stored?.clientSecret === undefined)
    problems.client_secret = text('providers.problem.secretEmpty');
  // A client secret belongs to an issuer and a client id: an editor must not be able to send a stored secret to another issuer.
  else if (
    fields.clientSecret === '' &&
    !fields.publicClient &&
    stored &&
    isOtherRegistration(stored, issuer, fields.clientId)
  )
    problems.client_secret = text('providers.problem.secretOther');
  const scope = [...new Set(fields.scope.split(/\s+/).filter((one) => one !== ''))];
  // RFC 6749 3.3: the characters of a scope token.
  if (scope.length > 50 || !scope.every((one) => /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/.test(one)))
    problems.scope = text('providers.problem.scope');
  else if (!scope.includes('openid')) problems.scope = text('providers.problem.openid');
  const idTokenSignedResponseAlg = jwsAlgorithms.find((each) => each === fields.idTokenAlgorithm);
  if (fields.idTokenAlgorithm !== '' && idTokenSignedResponseAlg === undefined)
    problems.id_token_algorithm = text('providers.problem.algorithm');
  if (issuer === undefined || Object.keys(problems).length > 0) return { problems };
  const { name, clientId } = fields;
  return { draft: { name, issuer, clientId, scope, idTokenSignedResponseAlg, clientSecret: secretOf(fields) } };
}

function isOtherRegistration(stored: Provider, issuer: string | undefined, clientId: string): boolean {
  return (issuer !== undefined && issuer !== stored.issuer) || clientId !== stored.clientId;
}

function secretOf(fields: ProviderFields): string | null | undefined {
  if (fields.publicClient) return null;
  return fields.clientSecret === '' ? undefined : fields.clientSecret;
}

const wellKnown = '/.well-known/openid-configuration';

/** Also accepts the URL of the metadata document. */
function parseIssuer(text: string): string | undefined {
  const issuer = text.endsWith(wellKnown) ? text.slice(0, -wellKnown.length) : text;
  if (issuer.length > 1000 || !hasWrittenHost(issuer)) return undefined;
  const url = new URL(issuer);
  const isPlain =
    url.search === '' &&
    url.hash === '' &&
    url.username === '' &&
    url.password === '' &&
    !issuer.includes('?') &&
    !issuer.includes('#');
  return isPlain && (url.protocol === 'https:' || url.protocol === 'http:') ? issuer : undefined;
}
