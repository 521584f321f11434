import {
  clientProperties,
  maySetClientProperty,
  metadataProperties,
  metadataPropertyNames,
  type ClientPropertyName,
  type MetadataPropertyName,
} from '@gatehouse/domain/oauth';

/** The sections of the form, in order. `main` has fields of its own making: rows, choices with words, a username. */
const sectionTitles = {
  main: '',
  people: 'What people can read',
  keys: 'Keys',
  identity: 'ID token and UserInfo',
  answers: 'Answers as JWTs',
  requests: 'Requests',
  refresh: 'Refresh tokens',
  logout: 'Logout',
  software: 'Software',
} as const;

/** How a property of a client is shown, and set from outside. */
interface PropertyForm {
  readonly section: keyof typeof sectionTitles;
  readonly label: string;
  readonly help?: string;
  /** The option of the command line. */
  readonly option: string;
}

/** Every property of a client once more: what the form, the API's documentation and the command line call it. */
export const clientPropertyForms: Readonly<Record<ClientPropertyName, PropertyForm>> = {
  name: { section: 'main', label: 'Name', help: 'What people read on the consent page.', option: 'name' },
  redirectUris: {
    section: 'main',
    label: 'Redirect URIs',
    help: 'Where people are sent back to (RFC 6749 3.1.2).',
    option: 'redirect-uri',
  },
  authMethod: {
    section: 'main',
    label: 'Authentication',
    help: 'How it authenticates at the token endpoint.',
    option: 'auth-method',
  },
  grantTypes: { section: 'main', label: 'Grant types', help: 'How it gets tokens.', option: 'grant-type' },
  responseTypes: {
    section: 'main',
    label: 'Response types',
    help: 'What the authorization endpoint returns.',
    option: 'response-type',
  },
  scope: { section: 'main', label: 'Scopes', help: 'What it may ask for.', option: 'scope' },
  applicationType: {
    section: 'main',
    label: 'Kind of application',
    help: 'web or native (OpenID Connect Registration 2).',
    option: 'application-type',
  },
  idTokenSignedResponseAlg: { section: 'main', label: 'ID token: signature', option: 'id-token-signed-response-alg' },
  postLogoutRedirectUris: {
    section: 'main',
    label: 'Addresses after logout',
    help: 'Where people may be sent after they logged out.',
    option: 'post-logout-redirect-uri',
  },
  defaultRedirectUri: {
    section: 'main',
    label: 'Default redirect URI',
    help: 'What a request without redirect_uri means; left out: the first.',
    option: 'default-redirect-uri',
  },
  defaultScope: {
    section: 'main',
    label: 'Default scopes',
    help: 'What a request without scope means.',
    option: 'default-scope',
  },
  pkceRequired: {
    section: 'main',
    label: 'PKCE is required',
    help: 'A public client always needs it.',
    option: 'pkce',
  },
  consentRequired: {
    section: 'main',
    label: 'People are asked for consent',
    help: 'Off: people are not asked, but for gatehouse:*.',
    option: 'consent',
  },
  secondFactorRequired: {
    section: 'main',
    label: 'A second factor is demanded',
    help: 'People who have none must add one first.',
    option: 'second-factor',
  },
  actsForItself: {
    section: 'main',
    label: 'It acts for itself',
    help: 'Client credentials at APIs that do not let anyone, and for gatehouse:*.',
    option: 'service-account',
  },
  tokenExchange: {
    section: 'main',
    label: 'Token exchange',
    help: 'RFC 8693: identifiers of APIs, " impersonation" after those where it may.',
    option: 'exchange',
  },
  ownerId: {
    section: 'main',
    label: 'Owner',
    help: 'The user who may edit it as a developer. None where it has a gatehouse scope; a new one of a client that acts for itself comes with acts_for_itself.',
    option: 'owner',
  },
  resourceServer: {
    section: 'main',
    label: 'Credentials of an API',
    help: 'It asks about tokens, and gets some by exchange alone.',
    option: 'resource-server',
  },
  clientUri: { section: 'people', label: 'Home page', option: 'client-uri' },
  policyUri: {
    section: 'people',
    label: 'Privacy policy',
    help: 'The consent page links to it.',
    option: 'policy-uri',
  },
  tosUri: { section: 'people', label: 'Terms of service', help: 'The consent page links to it.', option: 'tos-uri' },
  logoUri: {
    section: 'people',
    label: 'Logo',
    help: 'Kept and never loaded by our pages: its server would learn who logs in where.',
    option: 'logo-uri',
  },
  contacts: {
    section: 'people',
    label: 'Contacts',
    help: 'E-mail addresses of those who run it, a line each.',
    option: 'contact',
  },
  initiateLoginUri: {
    section: 'people',
    label: 'Where a login may begin',
    help: 'The list of connected applications leads there (OpenID Connect Core 4).',
    option: 'initiate-login-uri',
  },
  jwksUri: {
    section: 'keys',
    label: 'Address of its public keys',
    help: 'A JWK set. For private_key_jwt, signed requests and encrypted answers.',
    option: 'jwks-uri',
  },
  jwks: {
    section: 'keys',
    label: 'Its public keys by value',
    help: 'A JWK set as JSON, instead of an address.',
    option: 'jwks-file',
  },
  tokenEndpointAuthSigningAlg: {
    section: 'keys',
    label: 'Signature of its assertions',
    option: 'token-endpoint-auth-signing-alg',
  },
  subjectType: {
    section: 'identity',
    label: 'Subject identifiers',
    help: 'pairwise: another sub for each sector, so that clients cannot compare people.',
    option: 'subject-type',
  },
  sectorIdentifierUri: {
    section: 'identity',
    label: 'Sector identifier',
    help: 'An https address of a JSON array of every redirect URI. It is read when the form is saved.',
    option: 'sector-identifier-uri',
  },
  idTokenEncryptedResponseAlg: {
    section: 'identity',
    label: 'ID token: key encryption',
    option: 'id-token-encrypted-response-alg',
  },
  idTokenEncryptedResponseEnc: {
    section: 'identity',
    label: 'ID token: content encryption',
    option: 'id-token-encrypted-response-enc',
  },
  userinfoSignedResponseAlg: {
    section: 'identity',
    label: 'UserInfo: signature',
    help: 'None: plain JSON.',
    option: 'userinfo-signed-response-alg',
  },
  userinfoEncryptedResponseAlg: {
    section: 'identity',
    label: 'UserInfo: key encryption',
    option: 'userinfo-encrypted-response-alg',
  },
  userinfoEncryptedResponseEnc: {
    section: 'identity',
    label: 'UserInfo: content encryption',
    option: 'userinfo-encrypted-response-enc',
  },
  authorizationSignedResponseAlg: {
    section: 'answers',
    label: 'Authorization: signature',
    help: 'Where a request asks for a JWT (JARM). None chosen: RS256.',
    option: 'authorization-signed-response-alg',
  },
  authorizationEncryptedResponseAlg: {
    section: 'answers',
    label: 'Authorization: key encryption',
    option: 'authorization-encrypted-response-alg',
  },
  authorizationEncryptedResponseEnc: {
    section: 'answers',
    label: 'Authorization: content encryption',
    option: 'authorization-encrypted-response-enc',
  },
  introspectionSignedResponseAlg: {
    section: 'answers',
    label: 'Introspection: signature',
    help: 'Where a request asks for a JWT (RFC 9701). None chosen: RS256.',
    option: 'introspection-signed-response-alg',
  },
  introspectionEncryptedResponseAlg: {
    section: 'answers',
    label: 'Introspection: key encryption',
    option: 'introspection-encrypted-response-alg',
  },
  introspectionEncryptedResponseEnc: {
    section: 'answers',
    label: 'Introspection: content encryption',
    option: 'introspection-encrypted-response-enc',
  },
  securityProfile: {
    section: 'requests',
    label: 'Security profile',
    help: 'FAPI 2.0: pushed requests, PKCE, private_key_jwt, DPoP, ES256, PS256 or EdDSA; message signing: signed requests too.',
    option: 'security-profile',
  },
  defaultMaxAge: {
    section: 'requests',
    label: 'Longest time since the login',
    help: 'Seconds; for requests without max_age.',
    option: 'default-max-age',
  },
  requireAuthTime: {
    section: 'requests',
    label: 'Always say when the login was (auth_time)',
    option: 'require-auth-time',
  },
  defaultAcrValues: {
    section: 'requests',
    label: 'Authentication contexts',
    help: 'For requests without acr_values, a line each.',
    option: 'default-acr-value',
  },
  requestUris: {
    section: 'requests',
    label: 'Addresses of request objects',
    help: 'These alone are fetched for request_uri, a line each.',
    option: 'request-uri',
  },
  requirePushedAuthorizationRequests: {
    section: 'requests',
    label: 'Requests must be pushed (PAR, RFC 9126)',
    option: 'require-pushed-authorization-requests',
  },
  dpopBoundAccessTokens: {
    section: 'requests',
    label: 'Access tokens must be bound to a key (DPoP, RFC 9449)',
    option: 'dpop-bound-access-tokens',
  },
  requireSignedRequestObject: {
    section: 'requests',
    label: 'Requests must have a signed request object (RFC 9101)',
    option: 'require-signed-request-object',
  },
  requestObjectSigningAlg: {
    section: 'requests',
    label: 'Request objects: signature',
    help: 'Not set: any supported algorithm, none included.',
    option: 'request-object-signing-alg',
  },
  requestObjectEncryptionAlg: {
    section: 'requests',
    label: 'Request objects: key encryption',
    option: 'request-object-encryption-alg',
  },
  requestObjectEncryptionEnc: {
    section: 'requests',
    label: 'Request objects: content encryption',
    option: 'request-object-encryption-enc',
  },
  refreshTokenRotation: {
    section: 'refresh',
    label: 'Rotation',
    help: 'default: a public client gets a new refresh token at each use, unless its tokens are bound to a key; others keep theirs. never: a public client needs bound access tokens.',
    option: 'refresh-token-rotation',
  },
  backchannelLogoutUri: {
    section: 'logout',
    label: 'Back-channel logout',
    help: 'We call it when a session ends.',
    option: 'backchannel-logout-uri',
  },
  backchannelLogoutSessionRequired: {
    section: 'logout',
    label: 'It needs the session’s id (sid) there',
    option: 'backchannel-logout-session-required',
  },
  frontchannelLogoutUri: {
    section: 'logout',
    label: 'Front-channel logout',
    help: 'The browser loads it when a session ends; it lies where a redirect URI does.',
    option: 'frontchannel-logout-uri',
  },
  frontchannelLogoutSessionRequired: {
    section: 'logout',
    label: 'It needs issuer and session there (iss, sid)',
    option: 'frontchannel-logout-session-required',
  },
  softwareId: {
    section: 'software',
    label: 'Software',
    help: 'The same for every installation of it.',
    option: 'software-id',
  },
  softwareVersion: { section: 'software', label: 'Version', option: 'software-version' },
} satisfies Readonly<Record<ClientPropertyName, PropertyForm>>;

/** One property in a section: a line, lines (one value each), a choice, a flag, seconds or a JWK set. */
export interface MetadataField {
  readonly member: MetadataPropertyName;
  /** What the specifications call it. */
  readonly wire: string;
  readonly label: string;
  readonly help: string | undefined;
  readonly kind: 'line' | 'lines' | 'choice' | 'flag' | 'seconds' | 'keys';
  readonly choices: readonly string[];
  /** True: shown to administrators only. */
  readonly administrators: boolean;
}

export interface MetadataGroup {
  readonly title: string;
  readonly fields: readonly MetadataField[];
}

function fieldOf(member: MetadataPropertyName): MetadataField {
  const { wire, choices = [] } = clientProperties[member];
  const { label, help } = clientPropertyForms[member];
  const administrators = !maySetClientProperty('owner', member);
  return { member, wire, label, help, kind: kindOf(member), choices, administrators };
}

function kindOf(member: MetadataPropertyName): MetadataField['kind'] {
  switch (clientProperties[member].codec) {
    case 'flag':
      return 'flag';
    case 'number':
      return 'seconds';
    case 'list':
      return 'lines';
    case 'object':
      return 'keys';
    default:
      return 'choices' in metadataProperties[member] ? 'choice' : 'line';
  }
}

/** The sections of the form beside the main one, which are shut until they hold something. */
export const metadataGroups: readonly MetadataGroup[] = Object.entries(sectionTitles)
  .filter(([section]) => section !== 'main')
  .map(([section, title]) => ({
    title,
    // In the order of the table above.
    fields: Object.entries(clientPropertyForms).flatMap(([name, form]) => {
      const member = metadataPropertyNames.find((each) => each === name);
      return member !== undefined && form.section === section ? [fieldOf(member)] : [];
    }),
  }));
