import {
  contentEncryptionAlgorithms,
  jwsAlgorithms,
  keyManagementAlgorithms,
  macAlgorithms,
} from '@gatehouse/domain/jose';
import { refreshTokenRotations, securityProfileNames, type ClientMetadataDraft } from '@gatehouse/domain/oauth';

export type Member = keyof ClientMetadataDraft;

/** One member of the metadata in the form: a line, lines (one value each), a choice, a flag, seconds or a JWK set. */
export interface MetadataField {
  readonly member: Member;
  /** What the specifications call it. */
  readonly wire: string;
  readonly label: string;
  readonly hint?: string;
  readonly kind: 'line' | 'lines' | 'choice' | 'flag' | 'seconds' | 'keys';
  readonly choices?: readonly string[];
  /** True: shown to administrators only. */
  readonly administrators?: boolean;
}

export interface MetadataGroup {
  readonly title: string;
  readonly fields: readonly MetadataField[];
}

const signatures = [...jwsAlgorithms, ...macAlgorithms];

/** The metadata of the form, in groups that are shut until they hold something. */
export const metadataGroups: readonly MetadataGroup[] = [
  {
    title: 'What people can read',
    fields: [
      { member: 'clientUri', wire: 'client_uri', label: 'Home page', kind: 'line' },
      {
        member: 'policyUri',
        wire: 'policy_uri',
        label: 'Privacy policy',
        kind: 'line',
        hint: 'The consent page links to it.',
      },
      {
        member: 'tosUri',
        wire: 'tos_uri',
        label: 'Terms of service',
        kind: 'line',
        hint: 'The consent page links to it.',
      },
      {
        member: 'logoUri',
        wire: 'logo_uri',
        label: 'Logo',
        kind: 'line',
        hint: 'Kept and never loaded by our pages: its server would learn who logs in where.',
      },
      {
        member: 'contacts',
        wire: 'contacts',
        label: 'Contacts',
        kind: 'lines',
        hint: 'E-mail addresses of those who run it, a line each.',
      },
      {
        member: 'initiateLoginUri',
        wire: 'initiate_login_uri',
        label: 'Where a login may begin',
        kind: 'line',
        hint: 'The list of connected applications leads there (OpenID Connect Core 4).',
      },
    ],
  },
  {
    title: 'Keys',
    fields: [
      {
        member: 'jwksUri',
        wire: 'jwks_uri',
        label: 'Address of its public keys',
        kind: 'line',
        hint: 'A JWK set. For private_key_jwt, signed requests and encrypted answers.',
      },
      {
        member: 'jwks',
        wire: 'jwks',
        label: 'Its public keys by value',
        kind: 'keys',
        hint: 'A JWK set as JSON, instead of an address.',
      },
      {
        member: 'tokenEndpointAuthSigningAlg',
        wire: 'token_endpoint_auth_signing_alg',
        label: 'Signature of its assertions',
        kind: 'choice',
        choices: signatures,
      },
    ],
  },
  {
    title: 'ID token and UserInfo',
    fields: [
      {
        member: 'subjectType',
        wire: 'subject_type',
        label: 'Subject identifiers',
        kind: 'choice',
        choices: ['public', 'pairwise'],
        hint: 'pairwise: another sub for each sector, so that clients cannot compare people.',
      },
      {
        member: 'sectorIdentifierUri',
        wire: 'sector_identifier_uri',
        label: 'Sector identifier',
        kind: 'line',
        hint: 'An https address of a JSON array of every redirect URI. It is read when the form is saved.',
      },
      {
        member: 'idTokenEncryptedResponseAlg',
        wire: 'id_token_encrypted_response_alg',
        label: 'ID token: key encryption',
        kind: 'choice',
        choices: keyManagementAlgorithms,
      },
      {
        member: 'idTokenEncryptedResponseEnc',
        wire: 'id_token_encrypted_response_enc',
        label: 'ID token: content encryption',
        kind: 'choice',
        choices: contentEncryptionAlgorithms,
      },
      {
        member: 'userinfoSignedResponseAlg',
        wire: 'userinfo_signed_response_alg',
        label: 'UserInfo: signature',
        kind: 'choice',
        choices: signatures,
        hint: 'None: plain JSON.',
      },
      {
        member: 'userinfoEncryptedResponseAlg',
        wire: 'userinfo_encrypted_response_alg',
        label: 'UserInfo: key encryption',
        kind: 'choice',
        choices: keyManagementAlgorithms,
      },
      {
        member: 'userinfoEncryptedResponseEnc',
        wire: 'userinfo_encrypted_response_enc',
        label: 'UserInfo: content encryption',
        kind: 'choice',
        choices: contentEncryptionAlgorithms,
      },
    ],
  },
  {
    title: 'Answers as JWTs',
    fields: [
      {
        member: 'authorizationSignedResponseAlg',
        wire: 'authorization_signed_response_alg',
        label: 'Authorization: signature',
        kind: 'choice',
        choices: signatures,
        hint: 'Where a request asks for a JWT (JARM). None chosen: RS256.',
      },
      {
        member: 'authorizationEncryptedResponseAlg',
        wire: 'authorization_encrypted_response_alg',
        label: 'Authorization: key encryption',
        kind: 'choice',
        choices: keyManagementAlgorithms,
      },
      {
        member: 'authorizationEncryptedResponseEnc',
        wire: 'authorization_encrypted_response_enc',
        label: 'Authorization: content encryption',
        kind: 'choice',
        choices: contentEncryptionAlgorithms,
      },
      {
        member: 'introspectionSignedResponseAlg',
        wire: 'introspection_signed_response_alg',
        label: 'Introspection: signature',
        kind: 'choice',
        choices: signatures,
        hint: 'Where a request asks for a JWT (RFC 9701). None chosen: RS256.',
      },
      {
        member: 'introspectionEncryptedResponseAlg',
        wire: 'introspection_encrypted_response_alg',
        label: 'Introspection: key encryption',
        kind: 'choice',
        choices: keyManagementAlgorithms,
      },
      {
        member: 'introspectionEncryptedResponseEnc',
        wire: 'introspection_encrypted_response_enc',
        label: 'Introspection: content encryption',
        kind: 'choice',
        choices: contentEncryptionAlgorithms,
      },
    ],
  },
  {
    title: 'Requests',
    fields: [
      {
        member: 'securityProfile',
        wire: 'security_profile',
        label: 'Security profile',
        kind: 'choice',
        choices: securityProfileNames,
        administrators: true,
        hint: 'FAPI 2.0: pushed requests, PKCE, private_key_jwt, DPoP, ES256, PS256 or EdDSA; message signing: signed requests too.',
      },
      {
        member: 'defaultMaxAge',
        wire: 'default_max_age',
        label: 'Longest time since the login',
        kind: 'seconds',
        hint: 'Seconds; for requests without max_age.',
      },
      {
        member: 'requireAuthTime',
        wire: 'require_auth_time',
        label: 'Always say when the login was (auth_time)',
        kind: 'flag',
      },
      {
        member: 'defaultAcrValues',
        wire: 'default_acr_values',
        label: 'Authentication contexts',
        kind: 'lines',
        hint: 'For requests without acr_values, a line each.',
      },
      {
        member: 'requestUris',
        wire: 'request_uris',
        label: 'Addresses of request objects',
        kind: 'lines',
        hint: 'These alone are fetched for request_uri, a line each.',
      },
      {
        member: 'requirePushedAuthorizationRequests',
        wire: 'require_pushed_authorization_requests',
        label: 'Requests must be pushed (PAR, RFC 9126)',
        kind: 'flag',
      },
      {
        member: 'dpopBoundAccessTokens',
        wire: 'dpop_bound_access_tokens',
        label: 'Access tokens must be bound to a key (DPoP, RFC 9449)',
        kind: 'flag',
      },
      {
        member: 'requireSignedRequestObject',
        wire: 'require_signed_request_object',
        label: 'Requests must have a signed request object (RFC 9101)',
        kind: 'flag',
      },
      {
        member: 'requestObjectSigningAlg',
        wire: 'request_object_signing_alg',
        label: 'Request objects: signature',
        kind: 'choice',
        choices: [...signatures, 'none'],
        hint: 'Not set: any supported algorithm, none included.',
      },
      {
        member: 'requestObjectEncryptionAlg',
        wire: 'request_object_encryption_alg',
        label: 'Request objects: key encryption',
        kind: 'choice',
        choices: keyManagementAlgorithms,
      },
      {
        member: 'requestObjectEncryptionEnc',
        wire: 'request_object_encryption_enc',
        label: 'Request objects: content encryption',
        kind: 'choice',
        choices: contentEncryptionAlgorithms,
      },
    ],
  },
  {
    title: 'Refresh tokens',
    fields: [
      {
        member: 'refreshTokenRotation',
        wire: 'refresh_token_rotation',
        label: 'Rotation',
        kind: 'choice',
        choices: refreshTokenRotations,
        hint: 'default: a public client gets a new refresh token at each use, unless its tokens are bound to a key; others keep theirs. never: a public client needs bound access tokens.',
      },
    ],
  },
  {
    title: 'Logout',
    fields: [
      {
        member: 'backchannelLogoutUri',
        wire: 'backchannel_logout_uri',
        label: 'Back-channel logout',
        kind: 'line',
        hint: 'We call it when a session ends.',
      },
      {
        member: 'backchannelLogoutSessionRequired',
        wire: 'backchannel_logout_session_required',
        label: 'It needs the session’s id (sid) there',
        kind: 'flag',
      },
      {
        member: 'frontchannelLogoutUri',
        wire: 'frontchannel_logout_uri',
        label: 'Front-channel logout',
        kind: 'line',
        hint: 'The browser loads it when a session ends; it lies where a redirect URI does.',
      },
      {
        member: 'frontchannelLogoutSessionRequired',
        wire: 'frontchannel_logout_session_required',
        label: 'It needs issuer and session there (iss, sid)',
        kind: 'flag',
      },
    ],
  },
  {
    title: 'Software',
    fields: [
      {
        member: 'softwareId',
        wire: 'software_id',
        label: 'Software',
        kind: 'line',
        hint: 'The same for every installation of it.',
      },
      { member: 'softwareVersion', wire: 'software_version', label: 'Version', kind: 'line' },
    ],
  },
];
