import {
  contentEncryptionAlgorithms,
  jwsAlgorithms,
  keyManagementAlgorithms,
  macAlgorithms,
  signatureAlgorithms,
} from '../jose/index.js';
import {
  checkApplicationType,
  checkKeys,
  checkName,
  checkRedirectUris,
  checkSeconds,
  checkText,
  checkUri,
  checkUriWithFragment,
  type JwkSet,
  type ReportProblem,
} from './client-property-checks.js';
import { refreshTokenRotations } from './refresh-token.js';
import { securityProfileNames } from './security-profile.js';

/** The JSON type of a property. */
export type ClientPropertyCodec = 'text' | 'list' | 'scope' | 'number' | 'flag' | 'object' | 'exchange_rules';

/**
 * Who may set a property:
 * - `registration`: the registrant, by protocol or by a metadata document (RFC 7591)
 * - `approved_registration`: a registrant with an initial access token that approves clients, and administrators
 * - `owner`: the developer who owns the client, and administrators
 * - `administrator`: administrators only
 * - `server`: only this server
 */
export type ClientPropertySetter = 'registration' | 'approved_registration' | 'owner' | 'administrator' | 'server';

/** The definition of a client property. */
export interface ClientProperty {
  /** Its name in JSON, from a specification where one defines it. */
  readonly wire: string;
  readonly codec: ClientPropertyCodec;
  readonly setBy: ClientPropertySetter;
  /** Allowed values. */
  readonly choices?: readonly string[];
}

/** A property that can be validated independently of others. */
export interface CheckedProperty<Value> extends ClientProperty {
  /** The default value. */
  readonly default: Value;
  /**
   * Returns the value to store; reports problems to `say`. Rules across properties are in `checkClientMetadata` and
   * `checkMetadata`.
   */
  readonly check: (said: unknown, say: ReportProblem) => Value;
}

type Described = readonly [wire: string, setBy: ClientPropertySetter];

function flag([wire, setBy]: Described, standard = false): CheckedProperty<boolean> {
  return {
    wire,
    codec: 'flag',
    setBy,
    default: standard,
    check: (said) => (said === undefined ? standard : said === true),
  };
}

/** An optional text: empty means undefined. */
function optionalText(
  [wire, setBy]: Described,
  check: (text: string, say: ReportProblem) => void,
): CheckedProperty<string | undefined> {
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

const uri = (described: Described): CheckedProperty<string | undefined> => optionalText(described, checkUri);
const shortText = (described: Described): CheckedProperty<string | undefined> => optionalText(described, checkText);

function choiceOf<Choice extends string, Default extends Choice | undefined>(
  [wire, setBy]: Described,
  choices: readonly Choice[],
  standard: Default,
): CheckedProperty<Choice | Default> {
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
): CheckedProperty<Choice | undefined> {
  return choiceOf(described, choices, undefined);
}

/** Blank and repeated entries are omitted. */
function texts(
  [wire, setBy]: Described,
  most: number,
  check: (text: string, say: ReportProblem) => void,
): CheckedProperty<readonly string[]> {
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

function seconds([wire, setBy]: Described): CheckedProperty<number | undefined> {
  return { wire, codec: 'number', setBy, default: undefined, check: checkSeconds };
}

function keySet([wire, setBy]: Described): CheckedProperty<JwkSet | undefined> {
  return { wire, codec: 'object', setBy, default: undefined, check: checkKeys };
}

function redirectUris([wire, setBy]: Described): CheckedProperty<readonly string[]> {
  return { wire, codec: 'list', setBy, default: [], check: checkRedirectUris };
}

const maxContacts = 20;
const maxAcrValues = 20;
const maxRequestUris = 50;

/**
 * Optional client metadata. The permission to set a property has no default, so that it is decided for each new one.
 * @see RFC 7591 2, OpenID Connect Registration 2, the OpenID Connect logout specifications
 */
export const metadataProperties = {
  clientUri: uri(['client_uri', 'registration']),
  logoUri: uri(['logo_uri', 'registration']),
  contacts: texts(['contacts', 'registration'], maxContacts, checkText),
  tosUri: uri(['tos_uri', 'registration']),
  policyUri: uri(['policy_uri', 'registration']),
  jwksUri: uri(['jwks_uri', 'registration']),
  /** The client's public keys by value; excludes `jwksUri`. */
  jwks: keySet(['jwks', 'registration']),
  softwareId: shortText(['software_id', 'registration']),
  softwareVersion: shortText(['software_version', 'registration']),
  sectorIdentifierUri: uri(['sector_identifier_uri', 'registration']),
  subjectType: choiceOf(['subject_type', 'registration'], ['public', 'pairwise'], 'public'),
  idTokenEncryptedResponseAlg: choice(['id_token_encrypted_response_alg', 'registration'], keyManagementAlgorithms),
  idTokenEncryptedResponseEnc: choice(['id_token_encrypted_response_enc', 'registration'], contentEncryptionAlgorithms),
  /** Absent: UserInfo responses are plain JSON. */
  userinfoSignedResponseAlg: choice(['userinfo_signed_response_alg', 'registration'], signatureAlgorithms),
  userinfoEncryptedResponseAlg: choice(['userinfo_encrypted_response_alg', 'registration'], keyManagementAlgorithms),
  userinfoEncryptedResponseEnc: choice(
    ['userinfo_encrypted_response_enc', 'registration'],
    contentEncryptionAlgorithms,
  ),
  /** Signature algorithm of JWT authorization responses (JARM 3); absent: RS256. */
  authorizationSignedResponseAlg: choice(['authorization_signed_response_alg', 'registration'], signatureAlgorithms),
  authorizationEncryptedResponseAlg: choice(
    ['authorization_encrypted_response_alg', 'registration'],
    keyManagementAlgorithms,
  ),
  authorizationEncryptedResponseEnc: choice(
    ['authorization_encrypted_response_enc', 'registration'],
    contentEncryptionAlgorithms,
  ),
  /** Signature algorithm of JWT introspection responses (RFC 9701 6); absent: RS256. */
  introspectionSignedResponseAlg: choice(['introspection_signed_response_alg', 'registration'], signatureAlgorithms),
  introspectionEncryptedResponseAlg: choice(
    ['introspection_encrypted_response_alg', 'registration'],
    keyManagementAlgorithms,
  ),
  introspectionEncryptedResponseEnc: choice(
    ['introspection_encrypted_response_enc', 'registration'],
    contentEncryptionAlgorithms,
  ),
  /** Absent: any algorithm, including `none` (OpenID Connect Registration 2). */
  requestObjectSigningAlg: choice(['request_object_signing_alg', 'registration'], [...signatureAlgorithms, 'none']),
  requestObjectEncryptionAlg: choice(['request_object_encryption_alg', 'registration'], keyManagementAlgorithms),
  requestObjectEncryptionEnc: choice(['request_object_encryption_enc', 'registration'], contentEncryptionAlgorithms),
  /** Absent: any algorithm that fits the authentication method. */
  tokenEndpointAuthSigningAlg: choice(
    ['token_endpoint_auth_signing_alg', 'registration'],
    [...jwsAlgorithms, ...macAlgorithms],
  ),
  /** Seconds; `max_age` of requests without one. */
  defaultMaxAge: seconds(['default_max_age', 'registration']),
  requireAuthTime: flag(['require_auth_time', 'registration']),
  defaultAcrValues: texts(['default_acr_values', 'registration'], maxAcrValues, checkText),
  /** Where others can initiate a login (OpenID Connect Core 4). */
  initiateLoginUri: uri(['initiate_login_uri', 'registration']),
  /** URLs of request objects that may be fetched (OpenID Connect Core 6.2). */
  requestUris: texts(['request_uris', 'registration'], maxRequestUris, checkUriWithFragment),
  /** True: its authorization requests must be pushed (RFC 9126 6). */
  requirePushedAuthorizationRequests: flag(['require_pushed_authorization_requests', 'registration']),
  /** True: its access tokens must be bound to a key (RFC 9449 5.2). */
  dpopBoundAccessTokens: flag(['dpop_bound_access_tokens', 'registration']),
  /** True: its authorization requests must have a signed request object (RFC 9101 10.5). */
  requireSignedRequestObject: flag(['require_signed_request_object', 'registration']),
  /** Requirements in addition to those of the server for all clients. */
  securityProfile: choiceOf(['security_profile', 'approved_registration'], securityProfileNames, 'none'),
  /** Whether a refresh replaces refresh tokens; `default` depends on how they are protected (RFC 9700 4.14.2). */
  refreshTokenRotation: choiceOf(['refresh_token_rotation', 'registration'], refreshTokenRotations, 'default'),
  backchannelLogoutUri: uri(['backchannel_logout_uri', 'registration']),
  backchannelLogoutSessionRequired: flag(['backchannel_logout_session_required', 'registration']),
  frontchannelLogoutUri: uri(['frontchannel_logout_uri', 'registration']),
  frontchannelLogoutSessionRequired: flag(['frontchannel_logout_session_required', 'registration']),
} as const;

/** Properties with their own database column that are validated independently. */
export const checkedColumns = {
  redirectUris: redirectUris(['redirect_uris', 'registration']),
  name: { wire: 'client_name', codec: 'text', setBy: 'registration', default: '', check: checkName },
  applicationType: {
    wire: 'application_type',
    codec: 'text',
    setBy: 'registration',
    default: 'web',
    check: checkApplicationType,
  },
  postLogoutRedirectUris: redirectUris(['post_logout_redirect_uris', 'registration']),
  /** False: PKCE is optional, if the server's policy allows that for confidential clients. */
  pkceRequired: flag(['require_pkce', 'owner'], true),
  /** False: an administrator waived the consent page. */
  consentRequired: flag(['require_consent', 'owner'], true),
  /** True: an administrator requires a second factor of users of this client. */
  secondFactorRequired: flag(['require_second_factor', 'administrator']),
  /** True: an administrator allows it tokens of its own for APIs that do not allow all clients. */
  serviceAccount: flag(['service_account', 'administrator']),
  /** True: the credentials of an API. It introspects tokens (RFC 7662) and obtains tokens only by exchange. */
  resourceServer: flag(['resource_server', 'server']),
} as const satisfies Readonly<Record<string, CheckedProperty<unknown>>>;

/**
 * Properties with their own database column whose values and defaults depend on other properties or on the server's policy:
 * `checkClientMetadata`.
 */
const dependentColumns = {
  authMethod: { wire: 'token_endpoint_auth_method', codec: 'text', setBy: 'registration' },
  grantTypes: { wire: 'grant_types', codec: 'list', setBy: 'registration' },
  responseTypes: { wire: 'response_types', codec: 'list', setBy: 'registration' },
  scope: { wire: 'scope', codec: 'scope', setBy: 'registration' },
  idTokenSignedResponseAlg: { wire: 'id_token_signed_response_alg', codec: 'text', setBy: 'registration' },
  defaultRedirectUri: { wire: 'default_redirect_uri', codec: 'text', setBy: 'owner' },
  defaultScope: { wire: 'default_scope', codec: 'scope', setBy: 'owner' },
  tokenExchange: { wire: 'token_exchange', codec: 'exchange_rules', setBy: 'administrator' },
  ownerId: { wire: 'owner_id', codec: 'text', setBy: 'administrator' },
} as const satisfies Readonly<Record<string, ClientProperty>>;

/** The properties with their own database column, which has the same name. */
const columnProperties = { ...checkedColumns, ...dependentColumns };

type CheckedColumnName = keyof typeof checkedColumns;
export type ColumnPropertyName = keyof typeof columnProperties;
export type MetadataPropertyName = keyof typeof metadataProperties;
export type ClientPropertyName = MetadataPropertyName | ColumnPropertyName;

/**
 * All client properties. The names are those of RFC 7591, OpenID Connect Registration, the logout specifications, JARM, RFC
 * 9126, RFC 9449 and RFC 9701; other names are specific to this server.
 */
export const clientProperties: Readonly<Record<ClientPropertyName, ClientProperty>> = {
  ...columnProperties,
  ...metadataProperties,
};

type ValueOf<Property> = Property extends CheckedProperty<infer Value> ? Value : never;
type MetadataValue<Name extends MetadataPropertyName> = ValueOf<(typeof metadataProperties)[Name]>;
type OptionalName = {
  [Name in MetadataPropertyName]: undefined extends MetadataValue<Name> ? Name : never;
}[MetadataPropertyName];

/** The properties of {@link metadataProperties}. */
export type ClientMetadata = { readonly [Name in Exclude<MetadataPropertyName, OptionalName>]: MetadataValue<Name> } & {
  readonly [Name in OptionalName]?: MetadataValue<Name>;
};

/** The properties of {@link checkedColumns}. */
export type CheckedColumns = { readonly [Name in CheckedColumnName]: ValueOf<(typeof checkedColumns)[Name]> };

/** The boolean properties of {@link checkedColumns}. */
export type ClientFlagName = {
  [Name in CheckedColumnName]: CheckedColumns[Name] extends boolean ? Name : never;
}[CheckedColumnName];
export type ClientFlags = Pick<CheckedColumns, ClientFlagName>;

// TypeScript types the keys of an object only as strings.
export const metadataPropertyNames = Object.keys(metadataProperties) as readonly MetadataPropertyName[];
export const columnPropertyNames = Object.keys(columnProperties) as readonly ColumnPropertyName[];
const checkedColumnNames = Object.keys(checkedColumns) as readonly CheckedColumnName[];
export const clientFlagNames = checkedColumnNames.filter(
  (name): name is ClientFlagName => checkedColumns[name].codec === 'flag',
);

/** A value for each flag. */
export function clientFlagsBy(valueOf: (name: ClientFlagName) => boolean): ClientFlags {
  // Contains exactly the flags, each with its value.
  return Object.fromEntries(clientFlagNames.map((name) => [name, valueOf(name)])) as ClientFlags;
}

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

/** Whether an editor may set a property at all. Rules across properties decide which values are allowed. */
export function maySetClientProperty(editor: ClientEditor, name: ClientPropertyName): boolean {
  return settable[editor].includes(clientProperties[name].setBy);
}
