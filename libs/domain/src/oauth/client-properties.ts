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

/** A property whose value can be checked without looking at the others. */
export interface CheckedProperty<Value> extends ClientProperty {
  /** The value of a client that does not set it. */
  readonly default: Value;
  /**
   * The value to store; problems are reported to `say`. Rules across properties are in `checkClientMetadata` and
   * `checkMetadata`.
   */
  readonly check: (said: unknown, say: Say) => Value;
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

/** A text that may be left out: nothing and an empty one are the same. */
function optionalText(
  [wire, setBy]: Described,
  check: (text: string, say: Say) => void,
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

/** Blank and repeated texts are left out. */
function texts(
  [wire, setBy]: Described,
  most: number,
  check: (text: string, say: Say) => void,
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
 * What a client may say of itself beside what every client has. All of it is optional. Who may set a property has no
 * default: whoever adds one decides it.
 * @see RFC 7591 2, OpenID Connect Registration 2, the OpenID Connect logout specifications
 */
export const metadataProperties = {
  clientUri: uri(['client_uri', 'registration']),
  logoUri: uri(['logo_uri', 'registration']),
  contacts: texts(['contacts', 'registration'], maxContacts, checkText),
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
  defaultAcrValues: texts(['default_acr_values', 'registration'], maxAcrValues, checkText),
  /** Where a login may be begun by others (OpenID Connect Core 4). */
  initiateLoginUri: uri(['initiate_login_uri', 'registration']),
  /** Addresses of request objects that may be fetched (OpenID Connect Core 6.2). */
  requestUris: texts(['request_uris', 'registration'], maxRequestUris, checkUriWithFragment),
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

/** Properties with a database column of their own that are checked by themselves. */
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
  /** False: need not send PKCE where the server's policy leaves it to confidential clients. */
  pkceRequired: flag(['require_pkce', 'owner'], true),
  /** False: an administrator lets it go without the consent page. */
  consentRequired: flag(['require_consent', 'owner'], true),
  /** True: an administrator wants more than one factor of whoever logs in there. */
  secondFactorRequired: flag(['require_second_factor', 'administrator']),
  /** True: an administrator lets it get tokens for itself at APIs that do not let anyone. */
  actsForItself: flag(['acts_for_itself', 'administrator']),
  /** True: the credentials of an API. It asks about tokens (RFC 7662), and gets some by exchange alone. */
  resourceServer: flag(['resource_server', 'server']),
} as const satisfies Readonly<Record<string, CheckedProperty<unknown>>>;

/**
 * Properties with a database column of their own whose values and defaults depend on other properties or on the server's
 * policy: `checkClientMetadata`.
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

/** The properties with a database column of their own, which has the same name. */
const columnProperties = { ...checkedColumns, ...dependentColumns };

type CheckedColumnName = keyof typeof checkedColumns;
export type ColumnPropertyName = keyof typeof columnProperties;
export type MetadataPropertyName = keyof typeof metadataProperties;
export type ClientPropertyName = MetadataPropertyName | ColumnPropertyName;

/**
 * Every property of a client. The names are those of RFC 7591, OpenID Connect Registration, the logout specifications, JARM,
 * RFC 9126, RFC 9449 and RFC 9701; those that no specification has are ours.
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

/** The properties of {@link checkedColumns} that are true or false. */
export type ClientFlagName = {
  [Name in CheckedColumnName]: CheckedColumns[Name] extends boolean ? Name : never;
}[CheckedColumnName];
export type ClientFlags = Pick<CheckedColumns, ClientFlagName>;

// The keys of object literals, which TypeScript knows as strings alone.
export const metadataPropertyNames = Object.keys(metadataProperties) as readonly MetadataPropertyName[];
export const columnPropertyNames = Object.keys(columnProperties) as readonly ColumnPropertyName[];
const checkedColumnNames = Object.keys(checkedColumns) as readonly CheckedColumnName[];
export const clientFlagNames = checkedColumnNames.filter(
  (name): name is ClientFlagName => checkedColumns[name].codec === 'flag',
);

/** A value for each flag. */
export function clientFlagsBy(valueOf: (name: ClientFlagName) => boolean): ClientFlags {
  // Each flag has its value, and nothing else is in it.
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

/** Whether an editor may set a property at all. Which values are allowed is decided by rules across properties. */
export function maySetClientProperty(editor: ClientEditor, name: ClientPropertyName): boolean {
  return settable[editor].includes(clientProperties[name].setBy);
}
