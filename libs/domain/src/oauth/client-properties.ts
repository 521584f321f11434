import type { Client } from './client.js';

/** How the value of a property is written in JSON. */
export type ClientPropertyCodec = 'text' | 'list' | 'scope' | 'number' | 'flag' | 'object' | 'exchange_rules';

/**
 * Who may set a property:
 * - `registration`: whoever registers the client, by protocol or by a metadata document (RFC 7591)
 * - `approved_registration`: whoever registers it with an initial access token that approves clients, and administrators
 * - `owner`: the developer who owns the client, and administrators
 * - `administrator`: administrators alone
 * - `server`: this server alone
 */
export type ClientPropertySetter = 'registration' | 'approved_registration' | 'owner' | 'administrator' | 'server';

/** The properties of a client that can be set, without what identifies it and the decisions of administrators about it. */
export type ClientProperties = Omit<
  Client,
  'id' | 'type' | 'source' | 'createdAt' | 'approvedAt' | 'limitedAt' | 'disabledAt'
>;
export type ClientPropertyName = keyof ClientProperties;

/** A property of a client, described once. */
export interface ClientProperty {
  /** Its name in JSON: what the specifications call it, or ours. */
  readonly wire: string;
  readonly codec: ClientPropertyCodec;
  readonly setBy: ClientPropertySetter;
}

/**
 * Every property of a client, in the order in which they are written. The names are those of RFC 7591, OpenID Connect
 * Registration, the logout specifications, JARM, RFC 9126, RFC 9449 and RFC 9701; those that no specification has are ours.
 */
export const clientProperties = {
  redirectUris: { wire: 'redirect_uris', codec: 'list', setBy: 'registration' },
  authMethod: { wire: 'token_endpoint_auth_method', codec: 'text', setBy: 'registration' },
  grantTypes: { wire: 'grant_types', codec: 'list', setBy: 'registration' },
  responseTypes: { wire: 'response_types', codec: 'list', setBy: 'registration' },
  name: { wire: 'client_name', codec: 'text', setBy: 'registration' },
  clientUri: { wire: 'client_uri', codec: 'text', setBy: 'registration' },
  logoUri: { wire: 'logo_uri', codec: 'text', setBy: 'registration' },
  scope: { wire: 'scope', codec: 'scope', setBy: 'registration' },
  contacts: { wire: 'contacts', codec: 'list', setBy: 'registration' },
  tosUri: { wire: 'tos_uri', codec: 'text', setBy: 'registration' },
  policyUri: { wire: 'policy_uri', codec: 'text', setBy: 'registration' },
  jwksUri: { wire: 'jwks_uri', codec: 'text', setBy: 'registration' },
  jwks: { wire: 'jwks', codec: 'object', setBy: 'registration' },
  softwareId: { wire: 'software_id', codec: 'text', setBy: 'registration' },
  softwareVersion: { wire: 'software_version', codec: 'text', setBy: 'registration' },
  applicationType: { wire: 'application_type', codec: 'text', setBy: 'registration' },
  sectorIdentifierUri: { wire: 'sector_identifier_uri', codec: 'text', setBy: 'registration' },
  subjectType: { wire: 'subject_type', codec: 'text', setBy: 'registration' },
  idTokenSignedResponseAlg: { wire: 'id_token_signed_response_alg', codec: 'text', setBy: 'registration' },
  idTokenEncryptedResponseAlg: { wire: 'id_token_encrypted_response_alg', codec: 'text', setBy: 'registration' },
  idTokenEncryptedResponseEnc: { wire: 'id_token_encrypted_response_enc', codec: 'text', setBy: 'registration' },
  userinfoSignedResponseAlg: { wire: 'userinfo_signed_response_alg', codec: 'text', setBy: 'registration' },
  userinfoEncryptedResponseAlg: { wire: 'userinfo_encrypted_response_alg', codec: 'text', setBy: 'registration' },
  userinfoEncryptedResponseEnc: { wire: 'userinfo_encrypted_response_enc', codec: 'text', setBy: 'registration' },
  authorizationSignedResponseAlg: { wire: 'authorization_signed_response_alg', codec: 'text', setBy: 'registration' },
  authorizationEncryptedResponseAlg: {
    wire: 'authorization_encrypted_response_alg',
    codec: 'text',
    setBy: 'registration',
  },
  authorizationEncryptedResponseEnc: {
    wire: 'authorization_encrypted_response_enc',
    codec: 'text',
    setBy: 'registration',
  },
  introspectionSignedResponseAlg: { wire: 'introspection_signed_response_alg', codec: 'text', setBy: 'registration' },
  introspectionEncryptedResponseAlg: {
    wire: 'introspection_encrypted_response_alg',
    codec: 'text',
    setBy: 'registration',
  },
  introspectionEncryptedResponseEnc: {
    wire: 'introspection_encrypted_response_enc',
    codec: 'text',
    setBy: 'registration',
  },
  requestObjectSigningAlg: { wire: 'request_object_signing_alg', codec: 'text', setBy: 'registration' },
  requestObjectEncryptionAlg: { wire: 'request_object_encryption_alg', codec: 'text', setBy: 'registration' },
  requestObjectEncryptionEnc: { wire: 'request_object_encryption_enc', codec: 'text', setBy: 'registration' },
  tokenEndpointAuthSigningAlg: { wire: 'token_endpoint_auth_signing_alg', codec: 'text', setBy: 'registration' },
  defaultMaxAge: { wire: 'default_max_age', codec: 'number', setBy: 'registration' },
  requireAuthTime: { wire: 'require_auth_time', codec: 'flag', setBy: 'registration' },
  defaultAcrValues: { wire: 'default_acr_values', codec: 'list', setBy: 'registration' },
  initiateLoginUri: { wire: 'initiate_login_uri', codec: 'text', setBy: 'registration' },
  requestUris: { wire: 'request_uris', codec: 'list', setBy: 'registration' },
  requirePushedAuthorizationRequests: {
    wire: 'require_pushed_authorization_requests',
    codec: 'flag',
    setBy: 'registration',
  },
  dpopBoundAccessTokens: { wire: 'dpop_bound_access_tokens', codec: 'flag', setBy: 'registration' },
  requireSignedRequestObject: { wire: 'require_signed_request_object', codec: 'flag', setBy: 'registration' },
  securityProfile: { wire: 'security_profile', codec: 'text', setBy: 'approved_registration' },
  refreshTokenRotation: { wire: 'refresh_token_rotation', codec: 'text', setBy: 'registration' },
  postLogoutRedirectUris: { wire: 'post_logout_redirect_uris', codec: 'list', setBy: 'registration' },
  backchannelLogoutUri: { wire: 'backchannel_logout_uri', codec: 'text', setBy: 'registration' },
  backchannelLogoutSessionRequired: {
    wire: 'backchannel_logout_session_required',
    codec: 'flag',
    setBy: 'registration',
  },
  frontchannelLogoutUri: { wire: 'frontchannel_logout_uri', codec: 'text', setBy: 'registration' },
  frontchannelLogoutSessionRequired: {
    wire: 'frontchannel_logout_session_required',
    codec: 'flag',
    setBy: 'registration',
  },
  defaultRedirectUri: { wire: 'default_redirect_uri', codec: 'text', setBy: 'owner' },
  defaultScope: { wire: 'default_scope', codec: 'scope', setBy: 'owner' },
  pkceRequired: { wire: 'require_pkce', codec: 'flag', setBy: 'owner' },
  consentRequired: { wire: 'require_consent', codec: 'flag', setBy: 'owner' },
  secondFactorRequired: { wire: 'require_second_factor', codec: 'flag', setBy: 'administrator' },
  actsForItself: { wire: 'acts_for_itself', codec: 'flag', setBy: 'administrator' },
  tokenExchange: { wire: 'token_exchange', codec: 'exchange_rules', setBy: 'administrator' },
  resourceServer: { wire: 'resource_server', codec: 'flag', setBy: 'server' },
  ownerId: { wire: 'owner_id', codec: 'text', setBy: 'administrator' },
} as const satisfies Readonly<Record<ClientPropertyName, ClientProperty>>;

// The keys of an object literal, which TypeScript knows as strings alone.
export const clientPropertyNames = Object.keys(clientProperties) as readonly ClientPropertyName[];

export function isClientPropertyName(name: string): name is ClientPropertyName {
  return Object.hasOwn(clientProperties, name);
}

/** Who changes a client. */
export type ClientEditor = 'registrant' | 'approved_registrant' | 'owner' | 'administrator' | 'server';

const settable: Readonly<Record<ClientEditor, readonly ClientPropertySetter[]>> = {
  registrant: ['registration'],
  approved_registrant: ['registration', 'approved_registration'],
  owner: ['registration', 'owner'],
  administrator: ['registration', 'approved_registration', 'owner', 'administrator'],
  server: ['registration', 'approved_registration', 'owner', 'administrator', 'server'],
};

/** Whether somebody may set a property at all. What values they may choose is decided by rules across properties. */
export function maySetClientProperty(editor: ClientEditor, name: ClientPropertyName): boolean {
  return settable[editor].includes(clientProperties[name].setBy);
}
