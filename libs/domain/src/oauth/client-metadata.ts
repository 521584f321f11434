import {
  contentEncryptionAlgorithms,
  jwsAlgorithms,
  keyManagementAlgorithms,
  macAlgorithms,
  needsSecret,
  publicKeyManagementAlgorithms,
  signatureAlgorithms,
  type ContentEncryptionAlgorithm,
  type Jwk,
  type KeyManagementAlgorithm,
  type SignatureAlgorithm,
} from '../jose/index.js';
import { isLoopbackHost } from './redirect-uri.js';
import { securityProfileNames, type SecurityProfileName } from './security-profile.js';
import { refreshTokenRotations, type RefreshTokenRotation } from './refresh-token.js';

/** A JWK set as the client registered it (RFC 7517 5). */
export interface JwkSet {
  readonly keys: readonly Jwk[];
}

/**
 * What a client may say of itself beside what every client has. All of it is optional, and absent members mean what the
 * specifications say they mean.
 * @see RFC 7591 2, OpenID Connect Registration 2, the OpenID Connect logout specifications
 */
export interface ClientMetadata {
  readonly clientUri?: string | undefined;
  readonly logoUri?: string | undefined;
  readonly policyUri?: string | undefined;
  readonly tosUri?: string | undefined;
  readonly contacts: readonly string[];
  readonly softwareId?: string | undefined;
  readonly softwareVersion?: string | undefined;
  /** Where a login may be begun by others (OpenID Connect Core 4). */
  readonly initiateLoginUri?: string | undefined;
  /** The client's public keys, by value; never together with {@link jwksUri}. */
  readonly jwks?: JwkSet | undefined;
  readonly jwksUri?: string | undefined;
  readonly sectorIdentifierUri?: string | undefined;
  readonly subjectType: 'public' | 'pairwise';
  readonly idTokenEncryptedResponseAlg?: KeyManagementAlgorithm | undefined;
  readonly idTokenEncryptedResponseEnc?: ContentEncryptionAlgorithm | undefined;
  /** Absent: UserInfo answers in plain JSON. */
  readonly userinfoSignedResponseAlg?: SignatureAlgorithm | undefined;
  readonly userinfoEncryptedResponseAlg?: KeyManagementAlgorithm | undefined;
  readonly userinfoEncryptedResponseEnc?: ContentEncryptionAlgorithm | undefined;
  /** Of answers of the authorization endpoint that are JWTs (JARM 3); absent: RS256. */
  readonly authorizationSignedResponseAlg?: SignatureAlgorithm | undefined;
  readonly authorizationEncryptedResponseAlg?: KeyManagementAlgorithm | undefined;
  readonly authorizationEncryptedResponseEnc?: ContentEncryptionAlgorithm | undefined;
  /** Of introspection answers that are JWTs (RFC 9701 6); absent: RS256. */
  readonly introspectionSignedResponseAlg?: SignatureAlgorithm | undefined;
  readonly introspectionEncryptedResponseAlg?: KeyManagementAlgorithm | undefined;
  readonly introspectionEncryptedResponseEnc?: ContentEncryptionAlgorithm | undefined;
  /** Absent: any algorithm, `none` among them (OpenID Connect Registration 2). */
  readonly requestObjectSigningAlg?: SignatureAlgorithm | 'none' | undefined;
  readonly requestObjectEncryptionAlg?: KeyManagementAlgorithm | undefined;
  readonly requestObjectEncryptionEnc?: ContentEncryptionAlgorithm | undefined;
  /** Absent: any algorithm that fits the client's way of authentication. */
  readonly tokenEndpointAuthSigningAlg?: SignatureAlgorithm | undefined;
  /** Seconds; what a request without `max_age` means. */
  readonly defaultMaxAge?: number | undefined;
  readonly requireAuthTime: boolean;
  readonly defaultAcrValues: readonly string[];
  /** Addresses of request objects that may be fetched (OpenID Connect Core 6.2). */
  readonly requestUris: readonly string[];
  /** True: its authorization requests come by the pushed authorization request endpoint alone (RFC 9126 6). */
  readonly requirePushedAuthorizationRequests: boolean;
  /** True: it gets access tokens that are bound to a key of its own, and no others (RFC 9449 5.2). */
  readonly dpopBoundAccessTokens: boolean;
  /** True: every authorization request has a request object that the client signed (RFC 9101 10.5). */
  readonly requireSignedRequestObject: boolean;
  /** What it and its messages must meet, beside what the server demands of all. */
  readonly securityProfile: SecurityProfileName;
  /** Whether a refresh replaces its refresh tokens; `default` decides by what protects them (RFC 9700 4.14.2). */
  readonly refreshTokenRotation: RefreshTokenRotation;
  readonly backchannelLogoutUri?: string | undefined;
  readonly backchannelLogoutSessionRequired: boolean;
  readonly frontchannelLogoutUri?: string | undefined;
  readonly frontchannelLogoutSessionRequired: boolean;
}

/** The same as it comes from a form, a file or the protocol: the kinds of values are right, nothing else is checked. */
export type ClientMetadataDraft = {
  readonly [member in keyof ClientMetadata]?: ClientMetadata[member] extends boolean
    ? boolean | undefined
    : NonNullable<ClientMetadata[member]> extends readonly string[]
      ? readonly string[] | undefined
      : NonNullable<ClientMetadata[member]> extends number
        ? number | undefined
        : NonNullable<ClientMetadata[member]> extends JwkSet
          ? object | undefined
          : string | undefined;
};

/** Every member, once: the compiler refuses a list that lacks one. */
const memberTable: Readonly<Record<keyof ClientMetadata, true>> = {
  clientUri: true,
  logoUri: true,
  policyUri: true,
  tosUri: true,
  contacts: true,
  softwareId: true,
  softwareVersion: true,
  initiateLoginUri: true,
  jwks: true,
  jwksUri: true,
  sectorIdentifierUri: true,
  subjectType: true,
  idTokenEncryptedResponseAlg: true,
  idTokenEncryptedResponseEnc: true,
  userinfoSignedResponseAlg: true,
  userinfoEncryptedResponseAlg: true,
  userinfoEncryptedResponseEnc: true,
  authorizationSignedResponseAlg: true,
  authorizationEncryptedResponseAlg: true,
  authorizationEncryptedResponseEnc: true,
  introspectionSignedResponseAlg: true,
  introspectionEncryptedResponseAlg: true,
  introspectionEncryptedResponseEnc: true,
  requestObjectSigningAlg: true,
  requestObjectEncryptionAlg: true,
  requestObjectEncryptionEnc: true,
  tokenEndpointAuthSigningAlg: true,
  defaultMaxAge: true,
  requireAuthTime: true,
  defaultAcrValues: true,
  requestUris: true,
  requirePushedAuthorizationRequests: true,
  dpopBoundAccessTokens: true,
  requireSignedRequestObject: true,
  securityProfile: true,
  refreshTokenRotation: true,
  backchannelLogoutUri: true,
  backchannelLogoutSessionRequired: true,
  frontchannelLogoutUri: true,
  frontchannelLogoutSessionRequired: true,
};
const metadataMembers = Object.keys(memberTable) as readonly (keyof ClientMetadata)[];

/** What a client that says nothing has. */
export const plainMetadata: ClientMetadata = {
  contacts: [],
  subjectType: 'public',
  requireAuthTime: false,
  defaultAcrValues: [],
  requestUris: [],
  requirePushedAuthorizationRequests: false,
  dpopBoundAccessTokens: false,
  requireSignedRequestObject: false,
  securityProfile: 'none',
  refreshTokenRotation: 'default',
  backchannelLogoutSessionRequired: false,
  frontchannelLogoutSessionRequired: false,
};

/** That part of a client, every member of it and no other; what is undefined is left out. */
export function metadataOf(client: ClientMetadata): Partial<ClientMetadata> {
  return Object.fromEntries(
    metadataMembers.flatMap((member) => (client[member] === undefined ? [] : [[member, client[member]]])),
  );
}

type Say = (field: string, message: string) => void;

const mostUriCharacters = 2000;
const mostTextCharacters = 200;
const mostContacts = 20;
const mostAcrValues = 20;
const mostRequestUris = 50;
const mostKeys = 20;
const mostKeySetCharacters = 32_000;

/**
 * Checks what a client says of itself beside what every client has.
 * @param context what the rest of the metadata says, checked already
 * @param say called for each problem, with the draft's member (`contacts.2` for a row of a list)
 */
export function checkMetadata(
  draft: ClientMetadataDraft,
  context: { readonly authMethod: string | undefined; readonly redirectUris: readonly string[] },
  say: Say,
): ClientMetadata {
  const uri = (field: keyof ClientMetadataDraft, value: string | undefined): string | undefined => {
    if (value === undefined || value === '') return undefined;
    const problem = uriProblem(value);
    if (problem) say(field, problem);
    return value;
  };
  const oneOf = <T extends string>(
    field: keyof ClientMetadataDraft,
    known: readonly T[],
    value: string | undefined,
  ): T | undefined => {
    if (value === undefined || value === '') return undefined;
    const found = known.find((candidate) => candidate === value);
    if (found === undefined) say(field, `Choose one of ${known.join(', ')}.`);
    else if (needsSecret(found) && context.authMethod === 'none')
      say(field, `A public client has no secret for ${found}.`);
    return found;
  };
  const text = (field: keyof ClientMetadataDraft, value: string | undefined): string | undefined => {
    if (value === undefined || value === '') return undefined;
    if (value.length > mostTextCharacters) say(field, `At most ${mostTextCharacters} characters.`);
    if (/[\p{Cc}\p{Cf}\p{Cs}]/u.test(value)) say(field, 'No control characters.');
    return value;
  };
  const list = (field: keyof ClientMetadataDraft, values: readonly string[] | undefined, most: number): string[] => {
    const kept = [...new Set((values ?? []).filter((value) => value !== ''))];
    if (kept.length > most) say(field, `At most ${most}.`);
    return kept.slice(0, most);
  };
  const encryption = (
    name:
      | 'idTokenEncryptedResponse'
      | 'userinfoEncryptedResponse'
      | 'authorizationEncryptedResponse'
      | 'introspectionEncryptedResponse'
      | 'requestObjectEncryption',
  ): { alg: KeyManagementAlgorithm | undefined; enc: ContentEncryptionAlgorithm | undefined } => {
    const alg = oneOf(`${name}Alg`, keyManagementAlgorithms, draft[`${name}Alg`]);
    const enc = oneOf(`${name}Enc`, contentEncryptionAlgorithms, draft[`${name}Enc`]);
    if (draft[`${name}Enc`] && !draft[`${name}Alg`])
      say(`${name}Enc`, 'A content encryption needs a key encryption too.');
    // OpenID Connect Registration 2: A128CBC-HS256 where only the alg is said. Of request objects it is the client's choice.
    return { alg, enc: enc ?? (alg && name !== 'requestObjectEncryption' ? 'A128CBC-HS256' : undefined) };
  };

  const contacts = list('contacts', draft.contacts, mostContacts);
  contacts.forEach((contact, index) => text(`contacts.${index}` as 'contacts', contact));
  const jwks = checkKeys(draft.jwks, say);
  const jwksUri = uri('jwksUri', draft.jwksUri);
  if (draft.jwks !== undefined && jwksUri !== undefined)
    // RFC 7591 2: MUST NOT both be present.
    say('jwks', 'Register keys by value or by address, not both.');
  const subjectType = oneOf('subjectType', ['public', 'pairwise'] as const, draft.subjectType) ?? 'public';
  const sectorIdentifierUri = uri('sectorIdentifierUri', draft.sectorIdentifierUri);
  if (sectorIdentifierUri !== undefined && !sectorIdentifierUri.startsWith('https:'))
    say('sectorIdentifierUri', 'The sector identifier is an https address (OpenID Connect Registration 5).');
  if (subjectType === 'pairwise' && sectorIdentifierUri === undefined && hostsOf(context.redirectUris).size > 1)
    say('sectorIdentifierUri', 'Redirect URIs of several hosts need a sector identifier (OpenID Connect Core 8.1).');

  const dpopBoundAccessTokens = draft.dpopBoundAccessTokens ?? false;
  const refreshTokenRotation =
    oneOf('refreshTokenRotation', refreshTokenRotations, draft.refreshTokenRotation) ?? 'default';
  // RFC 9700 4.14.2: of a public client they are rotated or sender-constrained.
  if (refreshTokenRotation === 'never' && context.authMethod === 'none' && !dpopBoundAccessTokens)
    say('refreshTokenRotation', 'Without rotation, a public client needs tokens that are bound to a key (DPoP).');

  const idToken = encryption('idTokenEncryptedResponse');
  const userinfo = encryption('userinfoEncryptedResponse');
  const authorization = encryption('authorizationEncryptedResponse');
  const introspection = encryption('introspectionEncryptedResponse');
  const requestObject = encryption('requestObjectEncryption');
  const tokenEndpointAuthSigningAlg = oneOf(
    'tokenEndpointAuthSigningAlg',
    context.authMethod === 'client_secret_jwt' ? macAlgorithms : jwsAlgorithms,
    draft.tokenEndpointAuthSigningAlg,
  );
  const hasKeys = jwks !== undefined || jwksUri !== undefined;
  if (context.authMethod === 'private_key_jwt' && !hasKeys)
    say('jwks', 'This way of authentication needs the client’s keys: by value or by address.');
  for (const [field, alg] of [
    ['idTokenEncryptedResponseAlg', idToken.alg],
    ['userinfoEncryptedResponseAlg', userinfo.alg],
    ['authorizationEncryptedResponseAlg', authorization.alg],
    ['introspectionEncryptedResponseAlg', introspection.alg],
  ] as const)
    if (alg !== undefined && !hasKeys && publicKeyManagementAlgorithms.some((each) => each === alg))
      say(field, 'Encrypting to the client needs its keys: by value or by address.');

  const { defaultMaxAge } = draft;
  if (defaultMaxAge !== undefined && !(Number.isSafeInteger(defaultMaxAge) && defaultMaxAge >= 0))
    say('defaultMaxAge', 'A whole number of seconds.');
  const defaultAcrValues = list('defaultAcrValues', draft.defaultAcrValues, mostAcrValues);
  defaultAcrValues.forEach((value, index) => text(`defaultAcrValues.${index}` as 'defaultAcrValues', value));
  const requestUris = list('requestUris', draft.requestUris, mostRequestUris);
  requestUris.forEach((value, index) => {
    const problem = uriProblem(value, 'fragment allowed');
    if (problem) say(`requestUris.${index}`, problem);
  });
  const backchannelLogoutUri = uri('backchannelLogoutUri', draft.backchannelLogoutUri);
  const frontchannelLogoutUri = uri('frontchannelLogoutUri', draft.frontchannelLogoutUri);
  // Front-Channel Logout 2: scheme, host and port are those of a redirect URI.
  if (
    frontchannelLogoutUri !== undefined &&
    !context.redirectUris.some((each) => sameOrigin(each, frontchannelLogoutUri))
  )
    say(
      'frontchannelLogoutUri',
      'This address lies where one of the redirect URIs does: the same scheme, host and port.',
    );

  return {
    clientUri: uri('clientUri', draft.clientUri),
    logoUri: uri('logoUri', draft.logoUri),
    policyUri: uri('policyUri', draft.policyUri),
    tosUri: uri('tosUri', draft.tosUri),
    contacts,
    softwareId: text('softwareId', draft.softwareId),
    softwareVersion: text('softwareVersion', draft.softwareVersion),
    initiateLoginUri: uri('initiateLoginUri', draft.initiateLoginUri),
    jwks,
    jwksUri,
    sectorIdentifierUri,
    subjectType,
    idTokenEncryptedResponseAlg: idToken.alg,
    idTokenEncryptedResponseEnc: idToken.enc,
    userinfoSignedResponseAlg: oneOf('userinfoSignedResponseAlg', signatureAlgorithms, draft.userinfoSignedResponseAlg),
    userinfoEncryptedResponseAlg: userinfo.alg,
    userinfoEncryptedResponseEnc: userinfo.enc,
    authorizationSignedResponseAlg: oneOf(
      'authorizationSignedResponseAlg',
      signatureAlgorithms,
      draft.authorizationSignedResponseAlg,
    ),
    authorizationEncryptedResponseAlg: authorization.alg,
    authorizationEncryptedResponseEnc: authorization.enc,
    introspectionSignedResponseAlg: oneOf(
      'introspectionSignedResponseAlg',
      signatureAlgorithms,
      draft.introspectionSignedResponseAlg,
    ),
    introspectionEncryptedResponseAlg: introspection.alg,
    introspectionEncryptedResponseEnc: introspection.enc,
    requestObjectSigningAlg: oneOf(
      'requestObjectSigningAlg',
      [...signatureAlgorithms, 'none'] as const,
      draft.requestObjectSigningAlg,
    ),
    requestObjectEncryptionAlg: requestObject.alg,
    requestObjectEncryptionEnc: requestObject.enc,
    tokenEndpointAuthSigningAlg,
    defaultMaxAge,
    requireAuthTime: draft.requireAuthTime ?? false,
    defaultAcrValues,
    requestUris,
    requirePushedAuthorizationRequests: draft.requirePushedAuthorizationRequests ?? false,
    requireSignedRequestObject: draft.requireSignedRequestObject ?? false,
    securityProfile: oneOf('securityProfile', securityProfileNames, draft.securityProfile) ?? 'none',
    dpopBoundAccessTokens,
    refreshTokenRotation,
    backchannelLogoutUri,
    backchannelLogoutSessionRequired: draft.backchannelLogoutSessionRequired ?? false,
    frontchannelLogoutUri,
    frontchannelLogoutSessionRequired: draft.frontchannelLogoutSessionRequired ?? false,
  };
}

/** What is wrong with an address that we or a person's browser will go to; http is for this machine alone. */
function uriProblem(value: string, fragment: 'no fragment' | 'fragment allowed' = 'no fragment'): string | undefined {
  if (value.length > mostUriCharacters) return `An address has at most ${mostUriCharacters} characters.`;
  if (!/^[\x21-\x7e]+$/.test(value) || /["<>\\^`{|}]/.test(value)) return 'An address is ASCII without spaces.';
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    return 'This is not an absolute address.';
  }
  if (fragment === 'no fragment' && value.includes('#')) return 'This address has no fragment (#).';
  if (url.username !== '' || url.password !== '') return 'This address carries no user name or password.';
  if (url.protocol === 'https:') return undefined;
  if (url.protocol === 'http:' && isLoopbackHost(url.hostname)) return undefined;
  return 'Use an https address.';
}

function checkKeys(jwks: object | undefined, say: Say): JwkSet | undefined {
  if (jwks === undefined) return undefined;
  const keys: unknown = 'keys' in jwks ? jwks.keys : undefined;
  if (!Array.isArray(keys) || keys.some((key) => typeof key !== 'object' || key === null || Array.isArray(key))) {
    say('jwks', 'A JWK set has a member "keys" with a list of keys (RFC 7517 5).');
    return undefined;
  }
  if (keys.length > mostKeys || JSON.stringify(jwks).length > mostKeySetCharacters) {
    say('jwks', `At most ${mostKeys} keys and ${mostKeySetCharacters} characters.`);
    return undefined;
  }
  // Each is an object by the check above; what stands in it is checked where a key is used.
  const checked = keys as readonly Jwk[];
  if (checked.some((key) => ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'].some((member) => member in key)))
    say('jwks', 'Register public keys only: this set has a private or symmetric key in it.');
  return { keys: checked };
}

function sameOrigin(a: string, b: string): boolean {
  return URL.canParse(a) && URL.canParse(b) && new URL(a).origin === new URL(b).origin && new URL(b).origin !== 'null';
}

function hostsOf(uris: readonly string[]): ReadonlySet<string> {
  return new Set(uris.flatMap((uri) => (URL.canParse(uri) ? [new URL(uri).host] : [])));
}
