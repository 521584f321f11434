import type { SignatureAlgorithm } from '../jose/index.js';
import { OAuthError } from './oauth-error.js';
import { isLoopbackHost } from './redirect-uri.js';
import type { RefreshTokenRotation } from './refresh-token.js';

/**
 * Security profiles, least strict first: each includes the requirements of the previous one.
 * @see FAPI 2.0 Security Profile, FAPI 2.0 Message Signing
 */
export const securityProfileNames = ['none', 'fapi-2-security', 'fapi-2-message-signing'] as const;
export type SecurityProfileName = (typeof securityProfileNames)[number];

/** Requirements for a client and its messages. Undefined: no requirement. */
export interface SecurityProfile {
  readonly name: SecurityProfileName;
  /** Allowed values of `token_endpoint_auth_method`. */
  readonly authMethods?: readonly string[];
  readonly grantTypes?: readonly string[];
  readonly responseTypes?: readonly string[];
  /** For everything that the client or the server signs, including DPoP proofs. */
  readonly signatureAlgorithms?: readonly SignatureAlgorithm[];
  /** For what the server signs, unless the client chose an algorithm. */
  readonly defaultSignatureAlgorithm: SignatureAlgorithm;
  /** True: authorization requests must be pushed, name their redirect URI and have a PKCE challenge; access tokens are bound to a key. */
  readonly hardened: boolean;
  /** True: `aud` of a client assertion must be the issuer. */
  readonly issuerAudienceOnly: boolean;
  /** Seconds; shorter lifetimes of the server take precedence. */
  readonly maxCodeLifetimeSeconds: number;
  readonly maxPushedRequestLifetimeSeconds: number;
  /** How far a client's clock may be ahead, for request objects and DPoP proofs. */
  readonly clockSkewSeconds: number;
  /** False: request objects must be signed. */
  readonly unsignedRequestObjects: boolean;
  /** Undefined: request objects are optional. */
  readonly signedRequestObjects?: {
    /** From `nbf` to `exp`, and from `nbf` until now. */
    readonly maxLifetimeSeconds: number;
  };
}

const none: SecurityProfile = {
  name: 'none',
  defaultSignatureAlgorithm: 'RS256',
  hardened: false,
  issuerAudienceOnly: false,
  // RFC 6749 4.1.2, RFC 9126 2.2
  maxCodeLifetimeSeconds: 600,
  maxPushedRequestLifetimeSeconds: 600,
  clockSkewSeconds: 60,
  unsignedRequestObjects: true,
};

const fapi2Security: SecurityProfile = {
  name: 'fapi-2-security',
  // 5.3.2.1: private_key_jwt or mutual TLS, which is not supported.
  authMethods: ['private_key_jwt'],
  // Grants that begin with a pushed authorization request, or involve no user.
  grantTypes: [
    'authorization_code',
    'refresh_token',
    'client_credentials',
    'urn:ietf:params:oauth:grant-type:token-exchange',
    'urn:ietf:params:oauth:grant-type:jwt-bearer',
  ],
  // 5.3.2.2
  responseTypes: ['code'],
  // 5.4.1
  signatureAlgorithms: ['PS256', 'ES256', 'EdDSA', 'Ed25519'],
  defaultSignatureAlgorithm: 'ES256',
  hardened: true,
  issuerAudienceOnly: true,
  maxCodeLifetimeSeconds: 60,
  // 5.3.2.2: less than 600
  maxPushedRequestLifetimeSeconds: 599,
  // 5.3.2.1: MUST accept up to 10 seconds, MUST reject more than 60.
  clockSkewSeconds: 10,
  unsignedRequestObjects: false,
};

const profiles: Readonly<Record<SecurityProfileName, SecurityProfile>> = {
  none,
  'fapi-2-security': fapi2Security,
  'fapi-2-message-signing': {
    ...fapi2Security,
    name: 'fapi-2-message-signing',
    // FAPI 2.0 Message Signing 5.3.1
    signedRequestObjects: { maxLifetimeSeconds: 3600 },
  },
};

export function securityProfile(name: SecurityProfileName): SecurityProfile {
  return profiles[name];
}

/** The stricter of two profiles. */
export function stricterProfile(one: SecurityProfileName, other: SecurityProfileName): SecurityProfileName {
  return securityProfileNames.indexOf(one) >= securityProfileNames.indexOf(other) ? one : other;
}

/** The client properties that a profile checks. */
export interface ProfiledClient {
  readonly securityProfile: SecurityProfileName;
  readonly type: string;
  readonly applicationType: string;
  readonly authMethod: string;
  readonly grantTypes: readonly string[];
  readonly responseTypes: readonly string[];
  readonly redirectUris: readonly string[];
  readonly idTokenSignedResponseAlg: string;
  readonly userinfoSignedResponseAlg?: string | undefined;
  readonly authorizationSignedResponseAlg?: string | undefined;
  readonly introspectionSignedResponseAlg?: string | undefined;
  readonly requestObjectSigningAlg?: string | undefined;
  readonly tokenEndpointAuthSigningAlg?: string | undefined;
  readonly resourceServer: boolean;
  readonly refreshTokenRotation: RefreshTokenRotation;
}

/** The client properties that a profile sets. */
interface Hardenable extends ProfiledClient {
  readonly pkceRequired: boolean;
  readonly requirePushedAuthorizationRequests: boolean;
  readonly dpopBoundAccessTokens: boolean;
  readonly requireSignedRequestObject: boolean;
}

/**
 * The profile that applies to a client: the stricter of its own and the server's. Credentials of an API that only introspect
 * tokens obtain none and are exempt.
 */
export function profileFor(
  client: Pick<ProfiledClient, 'securityProfile' | 'resourceServer' | 'grantTypes'>,
  floor: SecurityProfileName,
): SecurityProfileName {
  const onlyIntrospects = client.resourceServer && client.grantTypes.length === 0;
  return onlyIntrospects ? client.securityProfile : stricterProfile(client.securityProfile, floor);
}

/**
 * A client as endpoints see it under the server's profile, whose requirements override the registered properties. Unchanged
 * where no profile applies.
 */
export function underProfile<Of extends Hardenable>(client: Of, floor: SecurityProfileName): Of {
  const name = profileFor(client, floor);
  if (name === 'none') return client;
  const { defaultSignatureAlgorithm, hardened, signedRequestObjects } = profiles[name];
  return {
    ...client,
    securityProfile: name,
    pkceRequired: client.pkceRequired || hardened,
    requirePushedAuthorizationRequests: client.requirePushedAuthorizationRequests || hardened,
    dpopBoundAccessTokens: client.dpopBoundAccessTokens || hardened,
    refreshTokenRotation: hardened ? 'never' : client.refreshTokenRotation,
    requireSignedRequestObject: client.requireSignedRequestObject || signedRequestObjects !== undefined,
    authorizationSignedResponseAlg: client.authorizationSignedResponseAlg ?? defaultSignatureAlgorithm,
    introspectionSignedResponseAlg: client.introspectionSignedResponseAlg ?? defaultSignatureAlgorithm,
  };
}

/** True when a change applies a stricter profile to the client. */
export function raisesProfile(
  before: Pick<ProfiledClient, 'securityProfile'>,
  after: Pick<ProfiledClient, 'securityProfile'>,
): boolean {
  return stricterProfile(before.securityProfile, after.securityProfile) !== before.securityProfile;
}

/** Members for signature algorithms, which a profile restricts. */
const algorithmMembers = [
  'idTokenSignedResponseAlg',
  'userinfoSignedResponseAlg',
  'authorizationSignedResponseAlg',
  'introspectionSignedResponseAlg',
  'requestObjectSigningAlg',
  'tokenEndpointAuthSigningAlg',
] as const;

/**
 * Why a client does not meet a security profile, by member; empty where it does.
 * @see FAPI 2.0 Security Profile 5.3.2, 5.4
 */
export function profileProblems(
  client: ProfiledClient,
  name: SecurityProfileName,
): readonly { readonly field: string; readonly message: string }[] {
  if (name === 'none') return [];
  const { authMethods, grantTypes, responseTypes, signatureAlgorithms, hardened } = profiles[name];
  const problems: { field: string; message: string }[] = [];
  const say = (field: string, rest: string): void =>
    void problems.push({ field, message: `The security profile ${name} ${rest}` });
  if (authMethods && !authMethods.includes(client.authMethod))
    say(
      'authMethod',
      `requires the client authentication ${authMethods.join(' or ')}; client secrets are not allowed.`,
    );
  if (grantTypes && !client.grantTypes.every((each) => grantTypes.includes(each)))
    say('grantTypes', 'allows only grants that begin with a pushed authorization request or involve no user.');
  if (responseTypes && !client.responseTypes.every((each) => responseTypes.includes(each)))
    say('responseTypes', `allows only the response type ${responseTypes.join(', ')}.`);
  // 5.3.2.1: with rotation, a client that loses the response to a refresh would lose its grant.
  if (hardened && client.refreshTokenRotation === 'always')
    say('refreshTokenRotation', 'does not rotate refresh tokens: choose default or never.');
  if (hardened)
    client.redirectUris.forEach((uri, index) => {
      if (!isProtectedRedirect(uri, client.applicationType))
        say(`redirectUris.${index}`, 'allows http redirect URIs only for native applications, on a loopback address.');
    });
  if (signatureAlgorithms)
    for (const member of algorithmMembers) {
      const algorithm = client[member];
      if (algorithm !== undefined && !signatureAlgorithms.some((each) => each === algorithm))
        say(member, `allows only the signature algorithms ${signatureAlgorithms.join(', ')}.`);
    }
  return problems;
}

/**
 * The error for a client that does not meet its profile; undefined where it does. Registration validates that too, but the
 * server's profile may have been set later.
 * @param code error code of the endpoint
 */
export function unmetProfile(
  client: ProfiledClient,
  code: 'invalid_client' | 'invalid_request' | 'invalid_token',
): OAuthError | undefined {
  if (profileProblems(client, client.securityProfile).length === 0) return undefined;
  return new OAuthError(
    code,
    'This client does not meet its security profile: an administrator must change its registration.',
    { reason: 'security_profile.client' },
  );
}

/** FAPI 2.0 Security Profile 5.3.2.2 */
function isProtectedRedirect(uri: string, applicationType: string): boolean {
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname } = new URL(uri);
  return protocol !== 'http:' || (applicationType === 'native' && isLoopbackHost(hostname));
}

/** The supported algorithms that a client may use under its profile. */
export function algorithmsUnder<Algorithm extends string>(
  name: SecurityProfileName,
  supported: readonly Algorithm[],
): readonly Algorithm[] {
  const { signatureAlgorithms } = profiles[name];
  return signatureAlgorithms
    ? supported.filter((each) => signatureAlgorithms.some((known) => known === each))
    : supported;
}
