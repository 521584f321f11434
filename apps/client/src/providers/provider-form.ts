import { jwsAlgorithms } from '@gatehouse/domain/jose';
import { hasWrittenHost } from '@gatehouse/domain/kernel';
import type { Form } from '@gatehouse/platform/http/form';
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

export type ProviderProblems = Partial<
  Record<'name' | 'issuer' | 'client_id' | 'client_secret' | 'scope' | 'id_token_algorithm', string>
>;

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
  if (fields.name === '') problems.name = 'Give it a name: it stands on the login button.';
  else if (fields.name.length > 100) problems.name = 'At most 100 characters.';
  const issuer = parseIssuer(fields.issuer);
  if (issuer === undefined)
    problems.issuer =
      'Type the issuer as a URL that begins with https:// (or http:// on this machine), without query or fragment.';
  if (!/^[\x20-\x7e]{1,255}$/.test(fields.clientId))
    problems.client_id = 'Type the client id that the provider gave you: 1 to 255 characters.';
  if (!/^[\x20-\x7e]{0,1000}$/.test(fields.clientSecret)) problems.client_secret = 'At most 1000 plain characters.';
  else if (fields.clientSecret === '' && !fields.publicClient && stored?.clientSecret === undefined)
    problems.client_secret = 'Type the client secret, or say that this is a public client.';
  // A client secret belongs to an issuer and a client id: an editor must not be able to send a stored secret to another issuer.
  else if (
    fields.clientSecret === '' &&
    !fields.publicClient &&
    stored &&
    isOtherRegistration(stored, issuer, fields.clientId)
  )
    problems.client_secret =
      'The stored secret belongs to the issuer and client id as they were: type the new one, or say that this is a public client.';
  const scope = [...new Set(fields.scope.split(/\s+/).filter((one) => one !== ''))];
  // RFC 6749 3.3: the characters of a scope token.
  if (scope.length > 50 || !scope.every((one) => /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/.test(one)))
    problems.scope = 'Type scopes with spaces between them, 50 at most.';
  else if (!scope.includes('openid'))
    problems.scope = 'The scope openid must be among them: without it there is no ID token to log in with.';
  const idTokenSignedResponseAlg = jwsAlgorithms.find((each) => each === fields.idTokenAlgorithm);
  if (fields.idTokenAlgorithm !== '' && idTokenSignedResponseAlg === undefined)
    problems.id_token_algorithm = 'Choose one of the algorithms of the list.';
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
