import { isNestedWithin } from '../kernel/index.js';
import type { Client, ClientDraft, FieldProblem } from './client.js';

/** The kind of value that a member has in JSON. */
export type MetadataKind = 'text' | 'list' | 'scope' | 'number' | 'flag' | 'object';
type Member = readonly [wire: string, member: keyof ClientDraft & keyof Client, kind: MetadataKind];

/** What RFC 7591, OpenID Connect Registration, the logout specifications JARM, RFC 9126,
 * RFC 9449 and RFC 9701 call a client's metadata, and `refresh_token_rotation`, which is ours. */
const members: readonly Member[] = [
  ['redirect_uris', 'redirectUris', 'list'],
  ['token_endpoint_auth_method', 'authMethod', 'text'],
  ['grant_types', 'grantTypes', 'list'],
  ['response_types', 'responseTypes', 'list'],
  ['client_name', 'name', 'text'],
  ['client_uri', 'clientUri', 'text'],
  ['logo_uri', 'logoUri', 'text'],
  ['scope', 'scope', 'scope'],
  ['contacts', 'contacts', 'list'],
  ['tos_uri', 'tosUri', 'text'],
  ['policy_uri', 'policyUri', 'text'],
  ['jwks_uri', 'jwksUri', 'text'],
  ['jwks', 'jwks', 'object'],
  ['software_id', 'softwareId', 'text'],
  ['software_version', 'softwareVersion', 'text'],
  ['application_type', 'applicationType', 'text'],
  ['sector_identifier_uri', 'sectorIdentifierUri', 'text'],
  ['subject_type', 'subjectType', 'text'],
  ['id_token_signed_response_alg', 'idTokenSignedResponseAlg', 'text'],
  ['id_token_encrypted_response_alg', 'idTokenEncryptedResponseAlg', 'text'],
  ['id_token_encrypted_response_enc', 'idTokenEncryptedResponseEnc', 'text'],
  ['userinfo_signed_response_alg', 'userinfoSignedResponseAlg', 'text'],
  ['userinfo_encrypted_response_alg', 'userinfoEncryptedResponseAlg', 'text'],
  ['userinfo_encrypted_response_enc', 'userinfoEncryptedResponseEnc', 'text'],
  ['authorization_signed_response_alg', 'authorizationSignedResponseAlg', 'text'],
  ['authorization_encrypted_response_alg', 'authorizationEncryptedResponseAlg', 'text'],
  ['authorization_encrypted_response_enc', 'authorizationEncryptedResponseEnc', 'text'],
  ['introspection_signed_response_alg', 'introspectionSignedResponseAlg', 'text'],
  ['introspection_encrypted_response_alg', 'introspectionEncryptedResponseAlg', 'text'],
  ['introspection_encrypted_response_enc', 'introspectionEncryptedResponseEnc', 'text'],
  ['request_object_signing_alg', 'requestObjectSigningAlg', 'text'],
  ['request_object_encryption_alg', 'requestObjectEncryptionAlg', 'text'],
  ['request_object_encryption_enc', 'requestObjectEncryptionEnc', 'text'],
  ['token_endpoint_auth_signing_alg', 'tokenEndpointAuthSigningAlg', 'text'],
  ['default_max_age', 'defaultMaxAge', 'number'],
  ['require_auth_time', 'requireAuthTime', 'flag'],
  ['default_acr_values', 'defaultAcrValues', 'list'],
  ['initiate_login_uri', 'initiateLoginUri', 'text'],
  ['request_uris', 'requestUris', 'list'],
  ['require_pushed_authorization_requests', 'requirePushedAuthorizationRequests', 'flag'],
  ['dpop_bound_access_tokens', 'dpopBoundAccessTokens', 'flag'],
  ['require_signed_request_object', 'requireSignedRequestObject', 'flag'],
  ['security_profile', 'securityProfile', 'text'],
  ['refresh_token_rotation', 'refreshTokenRotation', 'text'],
  ['post_logout_redirect_uris', 'postLogoutRedirectUris', 'list'],
  ['backchannel_logout_uri', 'backchannelLogoutUri', 'text'],
  ['backchannel_logout_session_required', 'backchannelLogoutSessionRequired', 'flag'],
  ['frontchannel_logout_uri', 'frontchannelLogoutUri', 'text'],
  ['frontchannel_logout_session_required', 'frontchannelLogoutSessionRequired', 'flag'],
];

/** A JWK set has its keys, a key its members, and some of those are lists. */
const mostLevels = 6;

/** Every member by its name in the protocol, with the kind of its value. */
export const metadataNames: readonly { readonly name: string; readonly kind: MetadataKind }[] = members.map(
  ([name, , kind]) => ({ name, kind }),
);

/**
 * What a client has that the protocol has no name for: given by administrators, kept by an update of its metadata. What
 * depends on the metadata (its type, its defaults) is not in it.
 */
export function keptByUpdate(client: Client): Partial<ClientDraft> {
  const {
    id: _id,
    createdAt: _createdAt,
    type: _type,
    defaultScope: _scope,
    defaultRedirectUri: _uri,
    ...rest
  } = client;
  const named = new Set<string>(members.map(([, member]) => member));
  return Object.fromEntries(Object.entries(rest).filter(([member]) => !named.has(member)));
}

const shapes: Readonly<Record<MetadataKind, string>> = {
  text: 'a text',
  list: 'a list of texts',
  scope: 'a text: scopes with spaces between',
  number: 'a number',
  flag: 'true or false',
  object: 'an object',
};

/**
 * Reads client metadata as they are written in JSON. Looks at the kinds of values alone; what they may be is checked by
 * `checkClientMetadata`. Unknown members are ignored (RFC 7591 2), and null is as if left out.
 * @returns the members that are there, and what is wrong with others, named as they came
 */
export function parseClientMetadata(json: Readonly<Record<string, unknown>>): {
  readonly draft: Partial<ClientDraft>;
  readonly problems: readonly FieldProblem[];
} {
  const draft: Record<string, unknown> = {};
  const problems: FieldProblem[] = [];
  for (const [wire, member, kind] of members) {
    if (!Object.hasOwn(json, wire)) continue;
    const value = json[wire];
    if (value === null) continue;
    if (!isKind(kind, value)) problems.push({ field: wire, message: `This is ${shapes[kind]}.` });
    else
      draft[member] = kind === 'scope' && typeof value === 'string' ? value.split(' ').filter((each) => each) : value;
  }
  // Every member was set to a value of the kind that the table says the draft has.
  return { draft, problems };
}

/** Writes a client's metadata as JSON has them; what the client does not have is left out. */
export function formatClientMetadata(client: Client): Record<string, unknown> {
  const json: Record<string, unknown> = {};
  for (const [wire, member, kind] of members) {
    const value = client[member];
    if (value === undefined) continue;
    json[wire] = kind === 'scope' && Array.isArray(value) ? value.join(' ') : value;
  }
  return json;
}

/** What the protocol calls a member of a draft: `redirectUris.2` is `redirect_uris`. */
export function metadataName(field: string): string {
  const [member = ''] = field.split('.');
  return members.find(([, each]) => each === member)?.[0] ?? member;
}

function isKind(kind: MetadataKind, value: unknown): boolean {
  switch (kind) {
    case 'text':
    case 'scope':
      return typeof value === 'string';
    case 'list':
      return Array.isArray(value) && value.every((each) => typeof each === 'string');
    case 'number':
      return typeof value === 'number';
    case 'flag':
      return typeof value === 'boolean';
    case 'object':
      return typeof value === 'object' && !Array.isArray(value) && isNestedWithin(value, mostLevels);
  }
}
