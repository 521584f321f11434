import {
  clientFlagNames,
  clientProperties,
  maySetClientProperty,
  metadataProperties,
  metadataPropertyNames,
  type ClientPropertyName,
  type MetadataPropertyName,
} from '@gatehouse/domain/oauth';
import { text, type Text } from '../i18n/message.js';

/** The sections of the form, in order, beside the main one. */
const sectionTitles = {
  people: text('client.section.people'),
  keys: text('client.section.keys'),
  identity: text('client.section.identity'),
  answers: text('client.section.answers'),
  requests: text('client.section.requests'),
  refresh: text('client.section.refresh'),
  logout: text('client.section.logout'),
  software: text('client.section.software'),
} as const;

/** How a property of a client is shown, and set from outside. */
interface PropertyForm {
  /** The view of the form has the controls of `main`; all others are shown by kind. */
  readonly section: 'main' | keyof typeof sectionTitles;
  /** The name of the field in the form, where it is not that of the property. */
  readonly field?: string;
  readonly label: Text;
  readonly help?: Text;
  /** The option of the command line. */
  readonly option: string;
  /** True: public clients do not have the field. */
  readonly confidentialOnly?: true;
}

/**
 * How the form, the API's documentation and the command line present each property of a client; sections and fields in
 * the order of the form.
 */
export const clientPropertyForms: Readonly<Record<ClientPropertyName, PropertyForm>> = {
  name: { section: 'main', label: text('client.name'), help: text('client.nameHint'), option: 'name' },
  applicationType: {
    section: 'main',
    label: text('client.applicationType'),
    help: text('client.applicationTypeHint'),
    option: 'application-type',
  },
  redirectUris: {
    section: 'main',
    field: 'redirectUri',
    label: text('client.redirectUris'),
    help: text('client.redirectUrisHint'),
    option: 'redirect-uri',
  },
  defaultRedirectUri: {
    section: 'main',
    label: text('client.defaultRedirectUri'),
    help: text('client.defaultRedirectUriHint'),
    option: 'default-redirect-uri',
  },
  postLogoutRedirectUris: {
    section: 'main',
    field: 'postLogoutRedirectUri',
    label: text('client.postLogoutRedirectUris'),
    help: text('client.postLogoutRedirectUrisHint'),
    option: 'post-logout-redirect-uri',
  },
  scope: { section: 'main', label: text('client.scope'), help: text('client.scopeHint'), option: 'scope' },
  defaultScope: {
    section: 'main',
    label: text('client.defaultScope'),
    help: text('client.defaultScopeHint'),
    option: 'default-scope',
  },
  grantTypes: {
    section: 'main',
    field: 'grantType',
    label: text('client.grantTypes'),
    help: text('client.grantTypesHint'),
    option: 'grant-type',
  },
  responseTypes: {
    section: 'main',
    field: 'responseType',
    label: text('client.responseTypes'),
    help: text('client.responseTypesHint'),
    option: 'response-type',
  },
  authMethod: { section: 'main', label: text('client.authMethod'), option: 'auth-method' },
  idTokenSignedResponseAlg: {
    section: 'main',
    label: text('client.idTokenSignedResponseAlg'),
    help: text('client.idTokenSignedResponseAlgHint'),
    option: 'id-token-signed-response-alg',
  },
  pkceRequired: {
    section: 'main',
    confidentialOnly: true,
    label: text('client.pkceRequired'),
    help: text('client.pkceRequiredHint'),
    option: 'pkce',
  },
  consentRequired: {
    section: 'main',
    label: text('client.consentRequired'),
    help: text('client.consentRequiredHint'),
    option: 'consent',
  },
  secondFactorRequired: {
    section: 'main',
    label: text('client.secondFactorRequired'),
    help: text('client.secondFactorRequiredHint'),
    option: 'second-factor',
  },
  serviceAccount: {
    section: 'main',
    label: text('client.serviceAccount'),
    help: text('client.serviceAccountHint'),
    option: 'service-account',
  },
  tokenExchange: {
    section: 'main',
    label: text('client.tokenExchange'),
    help: text('client.tokenExchangeHint'),
    option: 'exchange',
  },
  ownerId: {
    section: 'main',
    field: 'owner',
    label: text('client.ownerId'),
    help: text('client.ownerIdHint'),
    option: 'owner',
  },
  resourceServer: {
    section: 'main',
    label: text('client.resourceServer'),
    help: text('client.resourceServerHint'),
    option: 'resource-server',
  },
  clientUri: { section: 'people', label: text('client.clientUri'), option: 'client-uri' },
  policyUri: {
    section: 'people',
    label: text('client.policyUri'),
    help: text('client.policyUriHint'),
    option: 'policy-uri',
  },
  tosUri: { section: 'people', label: text('client.tosUri'), help: text('client.tosUriHint'), option: 'tos-uri' },
  logoUri: { section: 'people', label: text('client.logoUri'), help: text('client.logoUriHint'), option: 'logo-uri' },
  contacts: { section: 'people', label: text('client.contacts'), help: text('client.contactsHint'), option: 'contact' },
  initiateLoginUri: {
    section: 'people',
    label: text('client.initiateLoginUri'),
    help: text('client.initiateLoginUriHint'),
    option: 'initiate-login-uri',
  },
  jwksUri: { section: 'keys', label: text('client.jwksUri'), help: text('client.jwksUriHint'), option: 'jwks-uri' },
  jwks: { section: 'keys', label: text('client.jwks'), help: text('client.jwksHint'), option: 'jwks-file' },
  tokenEndpointAuthSigningAlg: {
    section: 'keys',
    label: text('client.tokenEndpointAuthSigningAlg'),
    option: 'token-endpoint-auth-signing-alg',
  },
  subjectType: {
    section: 'identity',
    label: text('client.subjectType'),
    help: text('client.subjectTypeHint'),
    option: 'subject-type',
  },
  sectorIdentifierUri: {
    section: 'identity',
    label: text('client.sectorIdentifierUri'),
    help: text('client.sectorIdentifierUriHint'),
    option: 'sector-identifier-uri',
  },
  idTokenEncryptedResponseAlg: {
    section: 'identity',
    label: text('client.idTokenEncryptedResponseAlg'),
    option: 'id-token-encrypted-response-alg',
  },
  idTokenEncryptedResponseEnc: {
    section: 'identity',
    label: text('client.idTokenEncryptedResponseEnc'),
    option: 'id-token-encrypted-response-enc',
  },
  userinfoSignedResponseAlg: {
    section: 'identity',
    label: text('client.userinfoSignedResponseAlg'),
    help: text('client.userinfoSignedResponseAlgHint'),
    option: 'userinfo-signed-response-alg',
  },
  userinfoEncryptedResponseAlg: {
    section: 'identity',
    label: text('client.userinfoEncryptedResponseAlg'),
    option: 'userinfo-encrypted-response-alg',
  },
  userinfoEncryptedResponseEnc: {
    section: 'identity',
    label: text('client.userinfoEncryptedResponseEnc'),
    option: 'userinfo-encrypted-response-enc',
  },
  authorizationSignedResponseAlg: {
    section: 'answers',
    label: text('client.authorizationSignedResponseAlg'),
    help: text('client.authorizationSignedResponseAlgHint'),
    option: 'authorization-signed-response-alg',
  },
  authorizationEncryptedResponseAlg: {
    section: 'answers',
    label: text('client.authorizationEncryptedResponseAlg'),
    option: 'authorization-encrypted-response-alg',
  },
  authorizationEncryptedResponseEnc: {
    section: 'answers',
    label: text('client.authorizationEncryptedResponseEnc'),
    option: 'authorization-encrypted-response-enc',
  },
  introspectionSignedResponseAlg: {
    section: 'answers',
    label: text('client.introspectionSignedResponseAlg'),
    help: text('client.introspectionSignedResponseAlgHint'),
    option: 'introspection-signed-response-alg',
  },
  introspectionEncryptedResponseAlg: {
    section: 'answers',
    label: text('client.introspectionEncryptedResponseAlg'),
    option: 'introspection-encrypted-response-alg',
  },
  introspectionEncryptedResponseEnc: {
    section: 'answers',
    label: text('client.introspectionEncryptedResponseEnc'),
    option: 'introspection-encrypted-response-enc',
  },
  securityProfile: {
    section: 'requests',
    label: text('client.securityProfile'),
    help: text('client.securityProfileHint'),
    option: 'security-profile',
  },
  defaultMaxAge: {
    section: 'requests',
    label: text('client.defaultMaxAge'),
    help: text('client.defaultMaxAgeHint'),
    option: 'default-max-age',
  },
  requireAuthTime: { section: 'requests', label: text('client.requireAuthTime'), option: 'require-auth-time' },
  defaultAcrValues: {
    section: 'requests',
    label: text('client.defaultAcrValues'),
    help: text('client.defaultAcrValuesHint'),
    option: 'default-acr-value',
  },
  requestUris: {
    section: 'requests',
    label: text('client.requestUris'),
    help: text('client.requestUrisHint'),
    option: 'request-uri',
  },
  requirePushedAuthorizationRequests: {
    section: 'requests',
    label: text('client.requirePushedAuthorizationRequests'),
    option: 'require-pushed-authorization-requests',
  },
  dpopBoundAccessTokens: {
    section: 'requests',
    label: text('client.dpopBoundAccessTokens'),
    option: 'dpop-bound-access-tokens',
  },
  requireSignedRequestObject: {
    section: 'requests',
    label: text('client.requireSignedRequestObject'),
    option: 'require-signed-request-object',
  },
  requestObjectSigningAlg: {
    section: 'requests',
    label: text('client.requestObjectSigningAlg'),
    help: text('client.requestObjectSigningAlgHint'),
    option: 'request-object-signing-alg',
  },
  requestObjectEncryptionAlg: {
    section: 'requests',
    label: text('client.requestObjectEncryptionAlg'),
    option: 'request-object-encryption-alg',
  },
  requestObjectEncryptionEnc: {
    section: 'requests',
    label: text('client.requestObjectEncryptionEnc'),
    option: 'request-object-encryption-enc',
  },
  refreshTokenRotation: {
    section: 'refresh',
    label: text('client.refreshTokenRotation'),
    help: text('client.refreshTokenRotationHint'),
    option: 'refresh-token-rotation',
  },
  backchannelLogoutUri: {
    section: 'logout',
    label: text('client.backchannelLogoutUri'),
    help: text('client.backchannelLogoutUriHint'),
    option: 'backchannel-logout-uri',
  },
  backchannelLogoutSessionRequired: {
    section: 'logout',
    label: text('client.backchannelLogoutSessionRequired'),
    option: 'backchannel-logout-session-required',
  },
  frontchannelLogoutUri: {
    section: 'logout',
    label: text('client.frontchannelLogoutUri'),
    help: text('client.frontchannelLogoutUriHint'),
    option: 'frontchannel-logout-uri',
  },
  frontchannelLogoutSessionRequired: {
    section: 'logout',
    label: text('client.frontchannelLogoutSessionRequired'),
    option: 'frontchannel-logout-session-required',
  },
  softwareId: {
    section: 'software',
    label: text('client.softwareId'),
    help: text('client.softwareIdHint'),
    option: 'software-id',
  },
  softwareVersion: { section: 'software', label: text('client.softwareVersion'), option: 'software-version' },
};

// The keys of an object literal, which TypeScript knows as strings alone.
const namesInOrder = Object.keys(clientPropertyForms) as readonly ClientPropertyName[];

/** True where the form shows a property to administrators only, and ignores it when others send it. */
export function isForAdministrators(name: ClientPropertyName): boolean {
  return !maySetClientProperty('owner', name);
}

/** The properties in the main section of the form. */
export const mainProperties = namesInOrder.filter(
  (name) => clientPropertyForms[name].section === 'main' && maySetClientProperty('administrator', name),
);

/** The flags among them: a checkbox each. */
export const mainFlags = clientFlagNames.filter((name) => mainProperties.includes(name));

/** One property in a section: a line, lines (one value each), a choice, a flag, seconds or a JWK set. */
export interface MetadataField {
  readonly member: MetadataPropertyName;
  /** What the specifications call it. */
  readonly wire: string;
  readonly label: Text;
  readonly help: Text | undefined;
  readonly kind: 'line' | 'lines' | 'choice' | 'flag' | 'seconds' | 'keys';
  readonly choices: readonly string[];
  /** True: shown to administrators only. */
  readonly administrators: boolean;
}

export interface MetadataGroup {
  readonly title: Text;
  readonly fields: readonly MetadataField[];
}

function fieldOf(member: MetadataPropertyName): MetadataField {
  const { wire, choices = [] } = clientProperties[member];
  const { label, help } = clientPropertyForms[member];
  return { member, wire, label, help, kind: kindOf(member), choices, administrators: isForAdministrators(member) };
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
export const metadataGroups: readonly MetadataGroup[] = Object.entries(sectionTitles).map(([section, title]) => ({
  title,
  fields: namesInOrder.flatMap((name) => {
    const member = metadataPropertyNames.find((each) => each === name);
    return member !== undefined && clientPropertyForms[name].section === section ? [fieldOf(member)] : [];
  }),
}));
