import { isMacAlgorithm, signatureAlgorithms, type SignatureAlgorithm } from '../jose/index.js';
import type { EpochSeconds } from '../kernel/index.js';
import { checkMetadata, type ClientMetadataDraft } from './client-metadata.js';
import {
  checkedColumns,
  clientFlagsBy,
  type CheckedColumns,
  type ClientFlagName,
  type ClientMetadata,
} from './client-properties.js';
import type { ReportProblem } from './client-property-checks.js';
import { OAuthError } from './oauth-error.js';
import { isLoopbackHost } from './redirect-uri.js';
import { findResponseType, responseTypeNames, type ResponseTypeName } from './response-type.js';
import { profileFor, profileProblems, securityProfile, type SecurityProfileName } from './security-profile.js';
import { administrationScopes, isAdministrationScope, isScopeToken, isSubset, type Scope } from './scope.js';
import { tokenExchangeGrant, type ExchangeRule } from './token-exchange.js';

export const grantTypeNames = [
  'authorization_code',
  'implicit',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:token-exchange',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
] as const;
export type GrantTypeName = (typeof grantTypeNames)[number];

/** `token_endpoint_auth_method` (RFC 7591 2). */
export const authMethods = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'none',
] as const;
export type AuthMethod = (typeof authMethods)[number];

/**
 * Who registered a client: an administrator (by page or command), a developer, a registrant by protocol (RFC 7591), or nobody:
 * its `client_id` is the URL of a metadata document.
 */
export const clientSources = ['admin', 'developer', 'registration', 'metadata_document'] as const;
/** True for clients that no administrator or developer created: they are labelled and counted until one is approved. */
export function isDynamicallyRegistered(source: string | undefined): boolean {
  return source === 'registration' || source === 'metadata_document';
}
export type ClientSource = (typeof clientSources)[number];

/** A registered client (RFC 6749 2). */
export interface Client extends ClientMetadata, CheckedColumns {
  /** The `client_id`. */
  readonly id: string;
  /** RFC 6749 2.1 */
  readonly type: 'confidential' | 'public';
  readonly authMethod: AuthMethod;
  /** The redirect URI of a request without one; a member of `redirectUris`. */
  readonly defaultRedirectUri?: string | undefined;
  readonly grantTypes: readonly GrantTypeName[];
  readonly responseTypes: readonly ResponseTypeName[];
  /** The scopes that it may request. */
  readonly scope: Scope;
  /** The scope of a request without one; part of `scope`. */
  readonly defaultScope: Scope;
  readonly idTokenSignedResponseAlg: SignatureAlgorithm;
  /** The APIs for which an administrator allows token exchange (RFC 8693). */
  readonly tokenExchange: readonly ExchangeRule[];
  readonly ownerId?: string | undefined;
  readonly source: ClientSource;
  /** Undefined: not yet reviewed. It works with a warning for users, and is purged when unused. */
  readonly approvedAt?: EpochSeconds | undefined;
  readonly createdAt: EpochSeconds;
  readonly disabledAt?: EpochSeconds | undefined;
  /** Set: an administrator restricts it to signing in users; see {@link restrictedClient}. */
  readonly restrictedAt?: EpochSeconds | undefined;
}

type ClientFlagsDraft = { readonly [Name in ClientFlagName]?: boolean | undefined };

/** A client from a form or a command, not validated. */
export interface ClientDraft extends ClientMetadataDraft, ClientFlagsDraft {
  readonly name: string;
  readonly type: string;
  readonly applicationType?: string | undefined;
  readonly authMethod: string;
  readonly redirectUris: readonly string[];
  readonly defaultRedirectUri?: string | undefined;
  readonly postLogoutRedirectUris: readonly string[];
  readonly grantTypes: readonly string[];
  readonly responseTypes?: readonly string[] | undefined;
  readonly scope: readonly string[];
  readonly defaultScope?: readonly string[] | undefined;
  readonly idTokenSignedResponseAlg?: string | undefined;
  readonly tokenExchange?: readonly ExchangeRule[] | undefined;
  readonly ownerId?: string | undefined;
  readonly source?: ClientSource | undefined;
  readonly approvedAt?: EpochSeconds | undefined;
  readonly restrictedAt?: EpochSeconds | undefined;
  readonly disabledAt?: EpochSeconds | undefined;
}

/** A problem and the member of the draft that has it, with an index for lists (`redirectUris.2`). */
export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

const ownedAdministrationSentence =
  'A client with a gatehouse scope has no owner: the owner would administer this server. Remove the scope, or remove the owner and replace the credentials that the owner may know.';
const maxScopes = 100;
const maxGrantTypes = 20;

/** The server's requirements for all clients. */
export interface ClientPolicy {
  readonly securityProfile: SecurityProfileName;
}

/**
 * Validates a client's metadata.
 * @returns the client, or all problems
 * @see RFC 7591 2, RFC 8252, RFC 9700 2.1
 */
export function checkClientMetadata(
  draft: ClientDraft & { readonly id: string; readonly createdAt: EpochSeconds },
  policy: ClientPolicy = { securityProfile: 'none' },
): { readonly client: Client } | { readonly problems: readonly FieldProblem[] } {
  const problems: FieldProblem[] = [];
  const say: SayOfField = (field, message) => void problems.push({ field, message });

  const name = checkedColumns.name.check(draft.name, sayOf('name', say));
  const type = oneOf(['confidential', 'public'] as const, draft.type);
  if (!type) say('type', 'Choose confidential or public.');
  const applicationType = checkedColumns.applicationType.check(draft.applicationType, sayOf('applicationType', say));
  const authMethod = checkAuthMethod(draft.authMethod, type, say);
  const flags = clientFlagsBy((flag) => checkedColumns[flag].check(draft[flag], sayOf(flag, say)));
  const { resourceServer } = flags;
  const grantTypes = checkGrantTypes(draft, { type, resourceServer }, say);
  const responseTypes = checkResponseTypes(draft.responseTypes, grantTypes, say);
  const redirects = checkRedirects(draft, { applicationType, grantTypes }, say);
  const scopes = checkScopes(draft, say);

  const metadata = checkMetadata(draft, { authMethod, redirectUris: redirects.redirectUris }, say);
  const profile = profileFor({ ...metadata, resourceServer, grantTypes }, policy.securityProfile);
  const idTokenSignedResponseAlg = oneOf(
    signatureAlgorithms,
    draft.idTokenSignedResponseAlg ?? securityProfile(profile).defaultSignatureAlgorithm,
  );
  if (!idTokenSignedResponseAlg) say('idTokenSignedResponseAlg', `Choose one of ${signatureAlgorithms.join(', ')}.`);
  else if (isMacAlgorithm(idTokenSignedResponseAlg) && authMethod === 'none')
    say('idTokenSignedResponseAlg', `A public client has no secret for ${idTokenSignedResponseAlg}.`);
  if (type === 'public' && !flags.pkceRequired)
    say('pkceRequired', 'A public client always needs PKCE (RFC 9700 2.1.1).');

  if (problems.length > 0 || !type || !authMethod || !idTokenSignedResponseAlg) return { problems };
  const client: Client = {
    ...metadata,
    ...flags,
    ...redirects,
    ...scopes,
    id: draft.id,
    name,
    type,
    applicationType,
    authMethod,
    grantTypes,
    responseTypes,
    idTokenSignedResponseAlg,
    tokenExchange: draft.tokenExchange ?? [],
    ownerId: draft.ownerId,
    source: draft.source ?? 'admin',
    approvedAt: draft.approvedAt,
    createdAt: draft.createdAt,
    disabledAt: draft.disabledAt,
    restrictedAt: draft.restrictedAt,
  };
  const unmet = profileProblems(client, profile);
  return unmet.length > 0 ? { problems: unmet } : { client };
}

type SayOfField = (field: string, message: string) => void;

/** Says it beside the field, or beside one member of its list. */
function sayOf(field: string, say: SayOfField): ReportProblem {
  return (message, index) => say(index === undefined ? field : `${field}.${index}`, message);
}

function checkAuthMethod(asked: string, type: Client['type'] | undefined, say: SayOfField): AuthMethod | undefined {
  const authMethod = oneOf(authMethods, asked);
  if (!authMethod) say('authMethod', `Choose one of ${authMethods.join(', ')}.`);
  if (type === 'public' && authMethod && authMethod !== 'none')
    say('authMethod', 'A public client has no secret: choose none.');
  if (type === 'confidential' && authMethod === 'none')
    say('authMethod', 'A confidential client authenticates: choose how.');
  return authMethod;
}

function checkGrantTypes(
  draft: ClientDraft,
  { type, resourceServer }: { readonly type: Client['type'] | undefined; readonly resourceServer: boolean },
  say: SayOfField,
): GrantTypeName[] {
  if (draft.grantTypes.length > maxGrantTypes) say('grantTypes', `At most ${maxGrantTypes} grant types.`);
  const grantTypes = unique(draft.grantTypes.slice(0, maxGrantTypes)).filter(
    (grantType): grantType is GrantTypeName => {
      const known = oneOf(grantTypeNames, grantType) !== undefined;
      if (!known) say('grantTypes', `There is no grant type ${quote(grantType)} here.`);
      return known;
    },
  );
  if (draft.grantTypes.length === 0 && !resourceServer) say('grantTypes', 'Choose at least one grant type.');
  if (resourceServer && draft.grantTypes.some((grantType) => grantType !== tokenExchangeGrant))
    say('grantTypes', 'The credentials of an API ask about tokens: they have no grant type but token exchange.');
  if (resourceServer && type === 'public') say('type', 'The credentials of an API need a secret: choose confidential.');
  if (
    grantTypes.includes('refresh_token') &&
    !grantTypes.includes('authorization_code') &&
    !grantTypes.includes('urn:ietf:params:oauth:grant-type:device_code')
  )
    say('grantTypes', 'A refresh token comes with the authorization code grant or the device grant: choose one too.');
  if (grantTypes.includes('client_credentials') && type === 'public')
    say('grantTypes', 'Client credentials need a confidential client (RFC 6749 4.4).');

  const tokenExchange = draft.tokenExchange ?? [];
  if (grantTypes.includes(tokenExchangeGrant)) {
    if (type === 'public') say('grantTypes', 'Token exchange needs a confidential client.');
    if (tokenExchange.length === 0)
      say('grantTypes', 'Token exchange needs an administrator, who says for which APIs.');
  } else if (tokenExchange.length > 0) say('tokenExchange', 'Choose the grant type token exchange too.');

  if (grantTypes.includes('urn:ietf:params:oauth:grant-type:jwt-bearer') && type === 'public')
    say('grantTypes', 'Assertions of other issuers need a confidential client.');
  return grantTypes;
}

function checkRedirects(
  draft: ClientDraft,
  { applicationType, grantTypes }: Pick<Client, 'applicationType' | 'grantTypes'>,
  say: SayOfField,
): Pick<Client, 'redirectUris' | 'defaultRedirectUri' | 'postLogoutRedirectUris'> {
  const redirects = grantTypes.includes('authorization_code') || grantTypes.includes('implicit');
  const redirectUris = checkedColumns.redirectUris.check(draft.redirectUris, sayOf('redirectUris', say));
  if (redirects && redirectUris.length === 0) say('redirectUris', 'Enter at least one redirect URI.');
  // OpenID Connect Registration 2, application_type. Administrators may test with clients on their own machine.
  if (applicationType === 'web' && grantTypes.includes('implicit') && (draft.source ?? 'admin') !== 'admin')
    redirectUris.forEach((uri, index) => {
      if (!isSecureWeb(uri))
        say(`redirectUris.${index}`, 'A web client with the grant type implicit uses https, and not localhost.');
    });
  const postLogoutRedirectUris = checkedColumns.postLogoutRedirectUris.check(
    draft.postLogoutRedirectUris,
    sayOf('postLogoutRedirectUris', say),
  );
  const defaultRedirectUri = draft.defaultRedirectUri || undefined;
  if (defaultRedirectUri !== undefined && !redirectUris.includes(defaultRedirectUri))
    say('defaultRedirectUri', 'The default is one of the redirect URIs.');
  return { redirectUris, defaultRedirectUri: defaultRedirectUri ?? redirectUris[0], postLogoutRedirectUris };
}

function checkScopes(draft: ClientDraft, say: SayOfField): Pick<Client, 'scope' | 'defaultScope'> {
  if (draft.scope.length > maxScopes) say('scope', `A client has at most ${maxScopes} scopes.`);
  const scope = draft.scope.slice(0, maxScopes);
  scope.forEach((token, index) => {
    if (!isScopeToken(token))
      say(`scope.${index}`, 'A scope is printable ASCII without spaces, quotes and backslashes (RFC 6749 3.3).');
    else if (isAdministrationScope(token)) {
      if (!administrationScopes.some((known) => known === token))
        say(`scope.${index}`, `Of this server's own there are ${administrationScopes.join(' and ')}.`);
      else if (isDynamicallyRegistered(draft.source))
        say(
          `scope.${index}`,
          'A client that registered itself cannot administer this server, approved or not: add another one for that.',
        );
      else if (draft.ownerId !== undefined) say(`scope.${index}`, ownedAdministrationSentence);
    }
  });
  const defaultScope = unique((draft.defaultScope ?? []).slice(0, maxScopes + 1));
  if (!isSubset(defaultScope, scope)) say('defaultScope', 'A default scope is one of the scopes.');
  return { scope: unique(scope), defaultScope };
}

/** The scopes of a restricted client: the user's identity. */
const limitedScopes: Scope = ['openid', 'profile', 'email'];
const limitedGrantTypes: readonly GrantTypeName[] = ['authorization_code', 'implicit'];

/** The client as endpoints see it: a restricted one can only sign in users. */
export function restrictedClient(client: Client): Client {
  if (client.restrictedAt === undefined) return client;
  return {
    ...client,
    scope: client.scope.filter((scope) => limitedScopes.includes(scope)),
    defaultScope: client.defaultScope.filter((scope) => limitedScopes.includes(scope)),
    grantTypes: client.grantTypes.filter((grantType) => limitedGrantTypes.includes(grantType)),
    tokenExchange: [],
    serviceAccount: false,
    consentRequired: true,
  };
}

/**
 * The client as endpoints see it: without administration scopes where it has an owner. Clients with this combination may be
 * stored from before {@link checkClientMetadata} rejected it.
 */
export function withoutOwnedAdministration(client: Client): Client {
  if (client.ownerId === undefined || !client.scope.some(isAdministrationScope)) return client;
  return {
    ...client,
    scope: client.scope.filter((scope) => !isAdministrationScope(scope)),
    defaultScope: client.defaultScope.filter((scope) => !isAdministrationScope(scope)),
  };
}

/**
 * Checks that a client may have a token for these APIs: a restricted one may not, even if it was granted before.
 * @param resources identifiers of APIs
 * @throws OAuthError invalid_target
 * @see RFC 8707 2
 */
export function checkResourcesAllowed(client: Pick<Client, 'restrictedAt'>, resources: readonly string[]): void {
  if (client.restrictedAt !== undefined && resources.length > 0)
    throw new OAuthError('invalid_target', 'This client may not obtain tokens for APIs.', {
      reason: 'resource.limited',
    });
}

/**
 * Response types and grant types must correspond: a code requires `authorization_code`, tokens from the authorization endpoint
 * `implicit` (RFC 7591 2.1, OpenID Connect Registration 2).
 */
function checkResponseTypes(
  asked: readonly string[] | undefined,
  grantTypes: readonly GrantTypeName[],
  say: SayOfField,
): ResponseTypeName[] {
  const byCode = grantTypes.includes('authorization_code');
  const implicit = grantTypes.includes('implicit');
  const responseTypes = (asked ?? (byCode ? ['code'] : [])).slice(0, 2 * responseTypeNames.length).flatMap((text) => {
    const known = findResponseType(text);
    if (known === undefined) say('responseTypes', `There is no response type ${quote(text)} here.`);
    return known ?? [];
  });
  const words = new Set(responseTypes.flatMap((responseType) => responseType.split(' ')));
  if (byCode && !words.has('code'))
    say('responseTypes', 'The authorization code grant needs a response type with code.');
  if (!byCode && words.has('code')) say('responseTypes', 'The word code needs the authorization code grant.');
  const direct = words.has('id_token') || words.has('token');
  if (direct && !implicit)
    say('grantTypes', 'A response type with id_token or token needs the grant type implicit (RFC 7591 2.1).');
  if (implicit && !direct)
    say('responseTypes', 'The grant type implicit needs a response type with id_token or token (RFC 7591 2.1).');
  return [...new Set(responseTypes)];
}

function isSecureWeb(uri: string): boolean {
  return URL.canParse(uri) && new URL(uri).protocol === 'https:' && !isLoopbackHost(new URL(uri).hostname);
}

function oneOf<T extends string>(known: readonly T[], value: string): T | undefined {
  return known.find((candidate) => candidate === value);
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
