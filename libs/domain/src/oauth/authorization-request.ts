import { refuseAuthorizationDetails } from './authorization-details.js';
import {
  bounded,
  checkChallenge,
  checkDisplay,
  checkMaxAge,
  checkNonce,
  checkPreferences,
  checkPrompt,
  checkResponseMode,
  checkResponseType,
  checkState,
  errorMode,
  invalid,
  returnableState,
  type AuthorizationPolicy,
  type Display,
  type Prompt,
  type ResponseModeName,
} from './authorization-parameters.js';
import { parseClaimsParameter, type ClaimsRequest } from './claims-parameter.js';
import { checkResourcesAllowed, type Client } from './client.js';
import { isJkt } from './dpop.js';
import { OAuthError } from './oauth-error.js';
import { matchRedirectUri } from './redirect-uri.js';
import { parseResourceParameter } from './resource.js';
import { responseContents, type ResponseTypeName } from './response-type.js';
import { securityProfile, stricterProfile, unmetProfile, type SecurityProfileName } from './security-profile.js';
import { isSubset, parseScope, type Scope } from './scope.js';

/** A validated authorization request. */
export interface AuthorizationRequest {
  readonly clientId: string;
  readonly responseType: ResponseTypeName;
  readonly responseMode: ResponseModeName;
  /** The redirect URI of the response: the one sent, or the client's default. */
  readonly redirectUri: string;
  readonly redirectUriSent: boolean;
  /** The requested scope: the one sent, or the client's default. */
  readonly scope: Scope;
  readonly state?: string | undefined;
  readonly nonce?: string | undefined;
  /** S256; undefined if no code is requested. */
  readonly codeChallenge?: string | undefined;
  readonly prompt: readonly Prompt[];
  /** Seconds (OpenID Connect Core 3.1.2.1). */
  readonly maxAge?: number | undefined;
  readonly loginHint?: string | undefined;
  /** As received: its signature is not yet verified. */
  readonly idTokenHint?: string | undefined;
  /** In order of preference; voluntary, like {@link uiLocales} (OpenID Connect Core 3.1.2.1). */
  readonly acrValues?: readonly string[] | undefined;
  readonly uiLocales?: readonly string[] | undefined;
  readonly display?: Display | undefined;
  /** Identifiers of the requested APIs (RFC 8707); without any, this server. */
  readonly resources?: readonly string[] | undefined;
  /** Thumbprint of the key that is required to redeem the code (RFC 9449 10). */
  readonly dpopJkt?: string | undefined;
  /** OpenID requests only (OpenID Connect Core 5.5). */
  readonly claims?: ClaimsRequest | undefined;
  /** The profile under which it was validated; omitted for `none`. */
  readonly securityProfile?: SecurityProfileName | undefined;
}

/** The outcomes of validating an authorization request. */
export type AuthorizationCheck =
  | { readonly kind: 'accepted'; readonly request: AuthorizationRequest }
  /** Client or redirect URI not validated: show a page, never redirect (RFC 6749 4.1.2.1). */
  | { readonly kind: 'refused'; readonly error: OAuthError }
  /** An error response to the client with `error`, `state` and `iss`; {@link isErrorRedirected} decides whether immediately. */
  | {
      readonly kind: 'denied';
      readonly clientId: string;
      readonly redirectUri: string;
      readonly responseMode: ResponseModeName;
      readonly state: string | undefined;
      /** `prompt=none`, as far as the request could be parsed. */
      readonly silent: boolean;
      readonly error: OAuthError;
    };

const maxLoginHintCharacters = 320;
/** An encrypted ID token is a third longer than its content. */
const maxIdTokenHintCharacters = 8000;

/**
 * Validates an authorization request.
 * @param parameters each at most once, without empty ones; a request object is already resolved
 * @param client the client of `client_id`; undefined if unknown
 * @see RFC 6749 4.1.1, OpenID Connect Core 3.1.2.1 and 3.1.2.2, RFC 7636 4.3, RFC 9207
 */
export function checkAuthorizationRequest(
  parameters: ReadonlyMap<string, string>,
  client: Client | undefined,
  policy: AuthorizationPolicy,
): AuthorizationCheck {
  const destination = checkDestination(parameters, client);
  if ('kind' in destination) return destination;
  const { client: known, ...redirect } = destination;
  try {
    return { kind: 'accepted', request: checkRest(parameters, known, policy, redirect) };
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    return denied(parameters, destination, error);
  }
}

/**
 * The response to a request that failed before its parameters were complete (an invalid request object, for example):
 * determined by the query, and never sent to an unvalidated redirect URI.
 * @see RFC 6749 4.1.2.1, RFC 9101 7
 */
export function denyAuthorizationRequest(
  parameters: ReadonlyMap<string, string>,
  client: Client | undefined,
  error: OAuthError,
): Exclude<AuthorizationCheck, { readonly kind: 'accepted' }> {
  const destination = checkDestination(parameters, client);
  if (!('kind' in destination)) return denied(parameters, destination, error);
  // The client is known and its redirect URI is in the unreadable request object: report the error of the object.
  const isKnown = client !== undefined && client.id === parameters.get('client_id') && client.disabledAt === undefined;
  return isKnown && !unmetProfile(client, 'invalid_request') ? { kind: 'refused', error } : destination;
}

/**
 * True where an error is returned to the client immediately. Otherwise a page with a link to the client is shown: anybody can
 * register a client and make requests that fail, which would make this server an open redirector.
 * @see RFC 9700 4.11.2, OpenID Connect Core 3.1.2.1 (prompt=none shows no page)
 */
export function isErrorRedirected(situation: {
  readonly silent: boolean;
  readonly client: Pick<Client, 'approvedAt'>;
  /** The user gave consent to the client before. */
  readonly allowedBefore: boolean;
  /** The user signed in, chose an account or responded to a page for this request. */
  readonly interacted: boolean;
}): boolean {
  const { silent, client, allowedBefore, interacted } = situation;
  return silent || client.approvedAt !== undefined || allowedBefore || interacted;
}

/** Validates the client and the redirect URI. */
function checkDestination(
  parameters: ReadonlyMap<string, string>,
  client: Client | undefined,
):
  | (Pick<AuthorizationRequest, 'redirectUri' | 'redirectUriSent'> & { readonly client: Client })
  | Extract<AuthorizationCheck, { readonly kind: 'refused' }> {
  if (!parameters.has('client_id')) return refused('The client_id is missing.', 'client.missing');
  if (!client) return refused('There is no such client.', 'client.unknown');
  if (client.disabledAt !== undefined) return refused('This client is disabled.', 'client.disabled');
  // A client that was resolved by another name must not receive the response to this request.
  if (client.id !== parameters.get('client_id')) return refused('There is no such client.', 'client.unknown');
  const unmet = unmetProfile(client, 'invalid_request');
  if (unmet) return { kind: 'refused', error: unmet };
  const sent = parameters.get('redirect_uri');
  // FAPI 2.0 Security Profile 5.3.2.2
  if (sent === undefined && securityProfile(client.securityProfile).hardened)
    return refused('Requests of this client require a redirect_uri.', 'redirect_uri.missing');
  if (sent === undefined && (parameters.get('scope') ?? '').split(' ').includes('openid'))
    // OpenID Connect Core 3.1.2.1: redirect_uri is REQUIRED, even with a single registered one.
    return refused('An OpenID request requires a redirect_uri.', 'redirect_uri.missing');
  if (sent !== undefined && !matchRedirectUri(client.redirectUris, sent, client.applicationType))
    return refused('The redirect_uri is not registered for this client.', 'redirect_uri.unregistered');
  const redirectUri = sent ?? client.defaultRedirectUri;
  if (redirectUri === undefined) return refused('This client has no redirect URI.', 'redirect_uri.none');
  return { client, redirectUri, redirectUriSent: sent !== undefined };
}

function denied(
  parameters: ReadonlyMap<string, string>,
  { client, redirectUri }: { readonly client: Client; readonly redirectUri: string },
  error: OAuthError,
): Extract<AuthorizationCheck, { readonly kind: 'denied' }> {
  return {
    kind: 'denied',
    clientId: client.id,
    redirectUri,
    responseMode: errorMode(parameters),
    state: returnableState(parameters),
    silent: (parameters.get('prompt') ?? '').split(' ').includes('none'),
    error,
  };
}

/**
 * Validates an accepted request again before the response: the client's registration may have changed since.
 * @see RFC 6749 4.1.2.1, RFC 9700 2.1
 */
export function recheckAuthorizationRequest(request: AuthorizationRequest, client: Client): AuthorizationCheck {
  if (client.disabledAt !== undefined) return refused('This client is disabled.', 'client.disabled');
  if (!matchRedirectUri(client.redirectUris, request.redirectUri, client.applicationType))
    return refused('The redirect_uri is no longer registered for this client.', 'redirect_uri.unregistered');
  const unmet = unmetProfile(client, 'invalid_request');
  if (unmet) return { kind: 'refused', error: unmet };
  try {
    checkClientMay(client, request.responseType, request.scope);
    checkResourcesAllowed(client, request.resources ?? []);
    const by = request.securityProfile ?? 'none';
    if (stricterProfile(by, client.securityProfile) !== by)
      throw invalid('The security profile of this client has changed: send a new request.', 'security_profile.changed');
    return { kind: 'accepted', request };
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    const { redirectUri, responseMode, state } = request;
    const silent = request.prompt.includes('none');
    return { kind: 'denied', clientId: client.id, redirectUri, responseMode, state, silent, error };
  }
}

function checkRest(
  parameters: ReadonlyMap<string, string>,
  client: Client,
  policy: AuthorizationPolicy,
  redirect: Pick<AuthorizationRequest, 'redirectUri' | 'redirectUriSent'>,
): AuthorizationRequest {
  // OpenID Connect Core 7.2.1: only for self-issued providers.
  if (parameters.has('registration'))
    throw new OAuthError('registration_not_supported', 'The parameter registration is not supported.', {
      reason: 'registration.unsupported',
    });
  refuseAuthorizationDetails(parameters);
  const responseType = checkResponseType(parameters.get('response_type'));
  checkClientMay(client, responseType, undefined);
  const responseMode = checkResponseMode(parameters.get('response_mode'), responseType, client);
  // RFC 9449 5.2: a token that is returned through the browser cannot be bound to a key.
  if (client.dpopBoundAccessTokens && responseContents(responseType).accessToken)
    throw new OAuthError('unauthorized_client', 'This client must obtain its access tokens at the token endpoint.', {
      reason: 'dpop.front_channel',
    });
  const state = checkState(parameters);
  const nonce = checkNonce(parameters);
  const returns = responseContents(responseType);

  const asked = parameters.get('scope');
  const scope = withoutIgnoredScopes(asked === undefined ? client.defaultScope : parseScope(asked), responseType);
  checkClientMay(client, responseType, scope);
  const resources = parseResourceParameter(parameters.get('resource'));
  checkResourcesAllowed(client, resources);
  if (returns.idToken && !scope.includes('openid'))
    throw invalid('This response_type requires the scope openid.', 'response_type.not_openid');
  // OpenID Connect Core 3.2.2.1 and 3.3.2.11: without a nonce, an ID token that is returned through the browser could be replayed.
  if (returns.idToken && nonce === undefined) throw invalid('The nonce is missing.', 'nonce.missing');

  return {
    clientId: client.id,
    responseType,
    responseMode,
    ...redirect,
    scope,
    state,
    nonce,
    codeChallenge: returns.code ? checkChallenge(parameters, client, policy) : undefined,
    prompt: checkPrompt(parameters.get('prompt')),
    maxAge: checkMaxAge(parameters.get('max_age')) ?? client.defaultMaxAge,
    loginHint: bounded(parameters, 'login_hint', maxLoginHintCharacters),
    idTokenHint: bounded(parameters, 'id_token_hint', maxIdTokenHintCharacters),
    acrValues: checkPreferences(parameters, 'acr_values') ?? unlessEmpty(client.defaultAcrValues),
    uiLocales: checkPreferences(parameters, 'ui_locales'),
    display: checkDisplay(parameters.get('display')),
    ...resourcesMember(resources),
    ...dpopMember(parameters.get('dpop_jkt')),
    claims: checkClaims(parameters.get('claims'), scope, responseType),
    ...(client.securityProfile === 'none' ? {} : { securityProfile: client.securityProfile }),
  };
}

function dpopMember(jkt: string | undefined): Pick<AuthorizationRequest, 'dpopJkt'> {
  if (jkt === undefined) return {};
  if (!isJkt(jkt)) throw invalid('The dpop_jkt is not a SHA-256 thumbprint.', 'dpop_jkt.malformed');
  return { dpopJkt: jkt };
}

/** Omitted if there are none, which keeps stored requests small. */
function resourcesMember(resources: readonly string[]): Pick<AuthorizationRequest, 'resources'> {
  return resources.length === 0 ? {} : { resources };
}

/** OpenID Connect Core 11: `offline_access` is ignored without a code, because there is no refresh token. */
function withoutIgnoredScopes(scope: Scope, responseType: ResponseTypeName): Scope {
  return responseContents(responseType).code || !scope.includes('offline_access')
    ? scope
    : scope.filter((token) => token !== 'offline_access');
}

/**
 * Checks that the client is registered for the response type and for the corresponding grant types (OpenID Connect
 * Registration 2).
 */
function checkClientMay(client: Client, responseType: ResponseTypeName, scope: Scope | undefined): void {
  const { code, idToken, accessToken } = responseContents(responseType);
  if (
    !client.responseTypes.includes(responseType) ||
    (code && !client.grantTypes.includes('authorization_code')) ||
    ((idToken || accessToken) && !client.grantTypes.includes('implicit'))
  )
    throw new OAuthError('unauthorized_client', 'This client is not registered for this response_type.', {
      reason: 'response_type.unregistered',
    });
  if (scope && !isSubset(scope, client.scope))
    throw new OAuthError('invalid_scope', 'This client may not request this scope.', {
      reason: 'scope.unregistered',
    });
}

/**
 * OpenID Connect Core 5.5: claims for UserInfo are ignored without an access token for it, and all of them in a request that
 * is not an OpenID request.
 */
function checkClaims(
  text: string | undefined,
  scope: Scope,
  responseType: ResponseTypeName,
): ClaimsRequest | undefined {
  if (text === undefined || !scope.includes('openid')) return undefined;
  const claims = parseClaimsParameter(text);
  if (!claims?.userinfo || responseType !== 'id_token') return claims;
  return claims.idToken && { idToken: claims.idToken };
}

function unlessEmpty(values: readonly string[]): readonly string[] | undefined {
  return values.length > 0 ? values : undefined;
}

function refused(description: string, reason: string): Extract<AuthorizationCheck, { readonly kind: 'refused' }> {
  return { kind: 'refused', error: invalid(description, reason) };
}

/** Serializes the request for the database; {@link parseAuthorizationRequest} reads it. */
export function writeAuthorizationRequest(request: AuthorizationRequest): string {
  return JSON.stringify(request);
}

/** Parses the output of {@link writeAuthorizationRequest}, which was validated before and is trusted. */
export function parseAuthorizationRequest(text: string): AuthorizationRequest {
  return JSON.parse(text) as AuthorizationRequest;
}
