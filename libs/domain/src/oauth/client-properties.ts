import {
  contentEncryptionAlgorithms,
  jwsAlgorithms,
  keyManagementAlgorithms,
  macAlgorithms,
  signatureAlgorithms,
} from '../jose/index.js';
import {
  checkKeys,
  checkSeconds,
  checkText,
  checkUri,
  checkUriWithFragment,
  type JwkSet,
  type Say,
} from './client-property-checks.js';
import { refreshTokenRotations } from './refresh-token.js';
import { securityProfileNames } from './security-profile.js';

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

/** A property of a client, described once. */
export interface ClientProperty {
  /** Its name in JSON: what the specifications call it, or ours. */
  readonly wire: string;
  readonly codec: ClientPropertyCodec;
  readonly setBy: ClientPropertySetter;
  /** The values that there are to choose from. */
  readonly choices?: readonly string[];
}

/** A property that is kept with all others of its kind, and is checked by itself. */
export interface MetadataProperty<Value> extends ClientProperty {
  /** What a client has of which nothing is said. */
  readonly default: Value;
  /** The value as it is kept; what is wrong with it is said. Rules across properties are in `checkMetadata`. */
  readonly check: (said: unknown, say: Say) => Value;
}

type Described = readonly [wire: string, setBy: ClientPropertySetter];

function flag([wire, setBy]: Described): MetadataProperty<boolean> {
  return { wire, codec: 'flag', setBy, default: false, check: (said) => said === true };
}

/** A text that may be left out: nothing and an empty one are the same. */
function optionalText(
  [wire, setBy]: Described,
  check: (text: string, say: Say) => void,
): MetadataProperty<string | undefined> {
  return {
    wire,
    codec: 'text',
    setBy,
    default: undefined,
    check: (said, say) => {
      if (typeof said !== 'string' || said === '') return undefined;
      check(said, say);
      return said;
    },
  };
}

const uri = (described: Described): MetadataProperty<string | undefined> => optionalText(described, checkUri);
const shortText = (described: Described): MetadataProperty<string | undefined> => optionalText(described, checkText);

function choiceOf<Choice extends string, Default extends Choice | undefined>(
  [wire, setBy]: Described,
  choices: readonly Choice[],
  standard: Default,
): MetadataProperty<Choice | Default> {
  return {
    wire,
    codec: 'text',
    setBy,
    choices,
    default: standard,
    check: (said, say) => {
      if (typeof said !== 'string' || said === '') return standard;
      const found = choices.find((candidate) => candidate === said);
      if (found === undefined) say(`Choose one of ${choices.join(', ')}.`);
      return found ?? standard;
    },
  };
}

/** One of these, or none. */
function choice<Choice extends string>(
  described: Described,
  choices: readonly Choice[],
): MetadataProperty<Choice | undefined> {
  return choiceOf(described, choices, undefined);
}

/** Blank and repeated texts are left out. */
function texts(
  [wire, setBy]: Described,
  most: number,
  check: (text: string, say: Say) => void,
): MetadataProperty<readonly string[]> {
  return {
    wire,
    codec: 'list',
    setBy,
    default: [],
    check: (said, say) => {
      const all = Array.isArray(said)
        ? said.filter((each): each is string => typeof each === 'string' && each !== '')
        : [];
      const kept = [...new Set(all)];
      if (kept.length > most) say(`At most ${most}.`);
      kept.slice(0, most).forEach((text, index) => {
        check(text, (message) => {
          say(message, index);
        });
      });
      return kept.slice(0, most);
    },
  };
}

function seconds([wire, setBy]: Described): MetadataProperty<number | undefined> {
  return { wire, codec: 'number', setBy, default: undefined, check: checkSeconds };
}

function keySet([wire, setBy]: Described): MetadataProperty<JwkSet | undefined> {
  return { wire, codec: 'object', setBy, default: undefined, check: checkKeys };
}

const mostContacts = 20;
const mostAcrValues = 20;
const mostRequestUris = 50;

/**
 * What a client may say of itself beside what every client has. All of it is optional. Who may set a property has no
 * default: whoever adds one decides it.
 * @see RFC 7591 2, OpenID Connect Registration 2, the OpenID Connect logout specifications
 */
export const metadataProperties = {
  clientUri: uri(['client_uri', 'registration']),
  logoUri: uri(['logo_uri', 'registration']),
  contacts: texts(['contacts', 'registration'], mostContacts, checkText),
  tosUri: uri(['tos_uri', 'registration']),
  policyUri: uri(['policy_uri', 'registration']),
  jwksUri: uri(['jwks_uri', 'registration']),
  /** The client's public keys, by value; never together with `jwksUri`. */
  jwks: keySet(['jwks', 'registration']),
  softwareId: shortText(['software_id', 'registration']),
  softwareVersion: shortText(['software_version', 'registration']),
  sectorIdentifierUri: uri(['sector_identifier_uri', 'registration']),
  subjectType: choiceOf(['subject_type', 'registration'], ['public', 'pairwise'], 'public'),
  idTokenEncryptedResponseAlg: choice(['id_token_encrypted_response_alg', 'registration'], keyManagementAlgorithms),
  idTokenEncryptedResponseEnc: choice(['id_token_encrypted_response_enc', 'registration'], contentEncryptionAlgorithms),
  /** Absent: UserInfo answers in plain JSON. */
  userinfoSignedResponseAlg: choice(['userinfo_signed_response_alg', 'registration'], signatureAlgorithms),
  userinfoEncryptedResponseAlg: choice(['userinfo_encrypted_response_alg', 'registration'], keyManagementAlgorithms),
  userinfoEncryptedResponseEnc: choice(
    ['userinfo_encrypted_response_enc', 'registration'],
    contentEncryptionAlgorithms,
  ),
  /** Of answers of the authorization endpoint that are JWTs (JARM 3); absent: RS256. */
  authorizationSignedResponseAlg: choice(['authorization_signed_response_alg', 'registration'], signatureAlgorithms),
  authorizationEncryptedResponseAlg: choice(
    ['authorization_encrypted_response_alg', 'registration'],
    keyManagementAlgorithms,
  ),
  authorizationEncryptedResponseEnc: choice(
    ['authorization_encrypted_response_enc', 'registration'],
    contentEncryptionAlgorithms,
  ),
  /** Of introspection answers that are JWTs (RFC 9701 6); absent: RS256. */
  introspectionSignedResponseAlg: choice(['introspection_signed_response_alg', 'registration'], signatureAlgorithms),
  introspectionEncryptedResponseAlg: choice(
    ['introspection_encrypted_response_alg', 'registration'],
    keyManagementAlgorithms,
  ),
  introspectionEncryptedResponseEnc: choice(
    ['introspection_encrypted_response_enc', 'registration'],
    contentEncryptionAlgorithms,
  ),
  /** Absent: any algorithm, `none` among them (OpenID Connect Registration 2). */
  requestObjectSigningAlg: choice(['request_object_signing_alg', 'registration'], [...signatureAlgorithms, 'none']),
  requestObjectEncryptionAlg: choice(['request_object_encryption_alg', 'registration'], keyManagementAlgorithms),
  requestObjectEncryptionEnc: choice(['request_object_encryption_enc', 'registration'], contentEncryptionAlgorithms),
  /** Absent: any algorithm that fits the client's way of authentication. */
  tokenEndpointAuthSigningAlg: choice(
    ['token_endpoint_auth_signing_alg', 'registration'],
    [...jwsAlgorithms, ...macAlgorithms],
  ),
  /** Seconds; what a request without `max_age` means. */
  defaultMaxAge: seconds(['default_max_age', 'registration']),
  requireAuthTime: flag(['require_auth_time', 'registration']),
  defaultAcrValues: texts(['default_acr_values', 'registration'], mostAcrValues, checkText),
  /** Where a login may be begun by others (OpenID Connect Core 4). */
  initiateLoginUri: uri(['initiate_login_uri', 'registration']),
  /** Addresses of request objects that may be fetched (OpenID Connect Core 6.2). */
  requestUris: texts(['request_uris', 'registration'], mostRequestUris, checkUriWithFragment),
  /** True: its authorization requests come by the pushed authorization request endpoint alone (RFC 9126 6). */
  requirePushedAuthorizationRequests: flag(['require_pushed_authorization_requests', 'registration']),
  /** True: it gets access tokens that are bound to a key of its own, and no others (RFC 9449 5.2). */
  dpopBoundAccessTokens: flag(['dpop_bound_access_tokens', 'registration']),
  /** True: every authorization request has a request object that the client signed (RFC 9101 10.5). */
  requireSignedRequestObject: flag(['require_signed_request_object', 'registration']),
  /** What it and its messages must meet, beside what the server demands of all. */
  securityProfile: choiceOf(['security_profile', 'approved_registration'], securityProfileNames, 'none'),
  /** Whether a refresh replaces its refresh tokens; `default` decides by what protects them (RFC 9700 4.14.2). */
  refreshTokenRotation: choiceOf(['refresh_token_rotation', 'registration'], refreshTokenRotations, 'default'),
  backchannelLogoutUri: uri(['backchannel_logout_uri', 'registration']),
  backchannelLogoutSessionRequired: flag(['backchannel_logout_session_required', 'registration']),
  frontchannelLogoutUri: uri(['frontchannel_logout_uri', 'registration']),
  frontchannelLogoutSessionRequired: flag(['frontchannel_logout_session_required', 'registration']),
} as const;

/** What every client has, each in a column of its own. What they may be depends on one another: `checkClientMetadata`. */
const coreProperties = {
  redirectUris: { wire: 'redirect_uris', codec: 'list', setBy: 'registration' },
  authMethod: { wire: 'token_endpoint_auth_method', codec: 'text', setBy: 'registration' },
  grantTypes: { wire: 'grant_types', codec: 'list', setBy: 'registration' },
  responseTypes: { wire: 'response_types', codec: 'list', setBy: 'registration' },
  name: { wire: 'client_name', codec: 'text', setBy: 'registration' },
  scope: { wire: 'scope', codec: 'scope', setBy: 'registration' },
  applicationType: { wire: 'application_type', codec: 'text', setBy: 'registration' },
  idTokenSignedResponseAlg: { wire: 'id_token_signed_response_alg', codec: 'text', setBy: 'registration' },
  postLogoutRedirectUris: { wire: 'post_logout_redirect_uris', codec: 'list', setBy: 'registration' },
  defaultRedirectUri: { wire: 'default_redirect_uri', codec: 'text', setBy: 'owner' },
  defaultScope: { wire: 'default_scope', codec: 'scope', setBy: 'owner' },
  pkceRequired: { wire: 'require_pkce', codec: 'flag', setBy: 'owner' },
  consentRequired: { wire: 'require_consent', codec: 'flag', setBy: 'owner' },
  secondFactorRequired: { wire: 'require_second_factor', codec: 'flag', setBy: 'administrator' },
  actsForItself: { wire: 'acts_for_itself', codec: 'flag', setBy: 'administrator' },
  tokenExchange: { wire: 'token_exchange', codec: 'exchange_rules', setBy: 'administrator' },
  resourceServer: { wire: 'resource_server', codec: 'flag', setBy: 'server' },
  ownerId: { wire: 'owner_id', codec: 'text', setBy: 'administrator' },
} as const satisfies Readonly<Record<string, ClientProperty>>;

export type MetadataPropertyName = keyof typeof metadataProperties;
export type ClientPropertyName = MetadataPropertyName | keyof typeof coreProperties;

/**
 * Every property of a client. The names are those of RFC 7591, OpenID Connect Registration, the logout specifications, JARM,
 * RFC 9126, RFC 9449 and RFC 9701; those that no specification has are ours.
 */
export const clientProperties: Readonly<Record<ClientPropertyName, ClientProperty>> = {
  ...coreProperties,
  ...metadataProperties,
};

type ValueOf<Name extends MetadataPropertyName> =
  (typeof metadataProperties)[Name] extends MetadataProperty<infer Value> ? Value : never;
type OptionalName = {
  [Name in MetadataPropertyName]: undefined extends ValueOf<Name> ? Name : never;
}[MetadataPropertyName];

/** What a client may say of itself beside what every client has. */
export type ClientMetadata = { readonly [Name in Exclude<MetadataPropertyName, OptionalName>]: ValueOf<Name> } & {
  readonly [Name in OptionalName]?: ValueOf<Name>;
};

/** The properties of {@link metadataProperties}. */
// The keys of an object literal, which TypeScript knows as strings alone.
export const metadataPropertyNames = Object.keys(metadataProperties) as readonly MetadataPropertyName[];

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
