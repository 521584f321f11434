import type { Client } from './client.js';
import { OAuthError, type OAuthErrorCode } from './oauth-error.js';
import { isS256Challenge } from './pkce.js';
import { matchRedirectUri } from './redirect-uri.js';
import { isSubset, parseScope, type Scope } from './scope.js';

export type Prompt = 'none' | 'login' | 'consent' | 'select_account';
export type ResponseModeName = 'query' | 'fragment' | 'form_post';
export type Display = 'page' | 'popup' | 'touch' | 'wap';

/** A checked authorization request: everything in it may be relied on. */
export interface AuthorizationRequest {
  readonly clientId: string;
  readonly responseType: 'code';
  readonly responseMode: ResponseModeName;
  /** Where the answer goes: the one sent, or the client's default. */
  readonly redirectUri: string;
  readonly redirectUriSent: boolean;
  /** What is asked for: the scope sent, or the client's default. */
  readonly scope: Scope;
  readonly state?: string | undefined;
  readonly nonce?: string | undefined;
  /** S256 */
  readonly codeChallenge?: string | undefined;
  readonly prompt: readonly Prompt[];
  /** Seconds (OpenID Connect Core 3.1.2.1). */
  readonly maxAge?: number | undefined;
  readonly loginHint?: string | undefined;
  /** As received: its signature is not yet verified. */
  readonly idTokenHint?: string | undefined;
  /** In order of preference; voluntary, as {@link uiLocales} (OpenID Connect Core 3.1.2.1). */
  readonly acrValues?: readonly string[] | undefined;
  readonly uiLocales?: readonly string[] | undefined;
  readonly display?: Display | undefined;
}

/** Whether a server asks PKCE of every client, or of public ones and those that want it. */
export interface AuthorizationPolicy {
  readonly pkce: 'required' | 'public';
}

/** The three ways in which the authorization endpoint answers a request. */
export type AuthorizationCheck =
  | { readonly kind: 'accepted'; readonly request: AuthorizationRequest }
  /** Client or redirect URI unproven: a page, never a redirect (RFC 6749 4.1.2.1). */
  | { readonly kind: 'refused'; readonly error: OAuthError }
  /** A redirect with `error`, `state` and `iss`. */
  | {
      readonly kind: 'denied';
      readonly redirectUri: string;
      readonly responseMode: ResponseModeName;
      readonly state: string | undefined;
      readonly error: OAuthError;
    };

const mostStateCharacters = 2000;
const mostNonceCharacters = 1000;
const mostLoginHintCharacters = 320;
const mostIdTokenHintCharacters = 4000;
const mostPromptCharacters = 200;
const mostPreferences = 20;
const mostPreferenceCharacters = 200;

/**
 * Checks an authorization request.
 * @param parameters each at most once, empty ones left out
 * @param client the client of `client_id`, undefined when there is none
 * @see RFC 6749 4.1.1, OpenID Connect Core 3.1.2.1 and 3.1.2.2, RFC 7636 4.3, RFC 9207
 */
export function checkAuthorizationRequest(
  parameters: ReadonlyMap<string, string>,
  client: Client | undefined,
  policy: AuthorizationPolicy,
): AuthorizationCheck {
  if (!parameters.has('client_id')) return refused('The client_id is missing.', 'client.missing');
  if (!client) return refused('There is no such client.', 'client.unknown');
  if (client.disabledAt !== undefined) return refused('This client is switched off.', 'client.disabled');
  // Whoever looked it up by another name must not have one client's request answered to the other.
  if (client.id !== parameters.get('client_id')) return refused('There is no such client.', 'client.unknown');
  const sent = parameters.get('redirect_uri');
  if (sent === undefined && (parameters.get('scope') ?? '').split(' ').includes('openid'))
    // OpenID Connect Core 3.1.2.1: REQUIRED, whatever is registered.
    return refused('An OpenID request must name its redirect_uri.', 'redirect_uri.missing');
  if (sent !== undefined && !matchRedirectUri(client.redirectUris, sent, client.applicationType))
    return refused('The redirect_uri is not registered for this client.', 'redirect_uri.unregistered');
  const redirectUri = sent ?? client.defaultRedirectUri;
  if (redirectUri === undefined) return refused('This client has no redirect URI.', 'redirect_uri.none');

  const state = parameters.get('state');
  try {
    return {
      kind: 'accepted',
      request: checkRest(parameters, client, policy, { redirectUri, redirectUriSent: sent !== undefined }),
    };
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    return {
      kind: 'denied',
      redirectUri,
      responseMode: errorMode(parameters),
      state: state !== undefined && state.length <= mostStateCharacters ? state : undefined,
      error,
    };
  }
}

/**
 * Checks again, before it is answered, a request that was accepted when it came: the client may have lost since what
 * the request rests on.
 * @see RFC 6749 4.1.2.1, RFC 9700 2.1
 */
export function recheckAuthorizationRequest(request: AuthorizationRequest, client: Client): AuthorizationCheck {
  if (client.disabledAt !== undefined) return refused('This client is switched off.', 'client.disabled');
  if (!matchRedirectUri(client.redirectUris, request.redirectUri, client.applicationType))
    return refused('The redirect_uri is no longer registered for this client.', 'redirect_uri.unregistered');
  try {
    checkClientMay(client, request.scope);
    return { kind: 'accepted', request };
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    const { redirectUri, responseMode, state } = request;
    return { kind: 'denied', redirectUri, responseMode, state, error };
  }
}

function checkRest(
  parameters: ReadonlyMap<string, string>,
  client: Client,
  policy: AuthorizationPolicy,
  redirect: Pick<AuthorizationRequest, 'redirectUri' | 'redirectUriSent'>,
): AuthorizationRequest {
  for (const [parameter, code] of notSupported)
    if (parameters.has(parameter))
      throw new OAuthError(code, `The parameter ${parameter} is not supported.`, {
        reason: `${parameter}.unsupported`,
      });
  const responseType = parameters.get('response_type');
  if (responseType === undefined) throw invalid('The response_type is missing.', 'response_type.missing');
  if (responseType !== 'code')
    throw new OAuthError('unsupported_response_type', 'The only response_type here is code.', {
      reason: 'response_type.unsupported',
    });
  checkClientMay(client, undefined);
  const responseMode = parameters.get('response_mode') ?? 'query';
  if (!isResponseMode(responseMode)) throw invalid('This response_mode is not supported.', 'response_mode.unsupported');
  const state = bounded(parameters, 'state', mostStateCharacters);
  const nonce = bounded(parameters, 'nonce', mostNonceCharacters);

  const asked = parameters.get('scope');
  const scope = asked === undefined ? client.defaultScope : parseScope(asked);
  checkClientMay(client, scope);

  return {
    clientId: client.id,
    responseType,
    responseMode,
    ...redirect,
    scope,
    state,
    nonce,
    codeChallenge: checkChallenge(parameters, client, policy),
    prompt: checkPrompt(parameters.get('prompt')),
    maxAge: checkMaxAge(parameters.get('max_age')),
    loginHint: bounded(parameters, 'login_hint', mostLoginHintCharacters),
    idTokenHint: bounded(parameters, 'id_token_hint', mostIdTokenHintCharacters),
    acrValues: checkPreferences(parameters, 'acr_values'),
    uiLocales: checkPreferences(parameters, 'ui_locales'),
    display: displays.find((display) => display === parameters.get('display')),
  };
}

/** What the client's registration allows it. */
function checkClientMay(client: Client, scope: Scope | undefined): void {
  if (!client.grantTypes.includes('authorization_code') || !client.responseTypes.includes('code'))
    throw new OAuthError('unauthorized_client', 'This client may not use the authorization code grant.', {
      reason: 'grant_type.unregistered',
    });
  if (scope && !isSubset(scope, client.scope))
    throw new OAuthError('invalid_scope', 'The scope is not one that this client may ask for.', {
      reason: 'scope.unregistered',
    });
}

const notSupported: readonly (readonly [string, OAuthErrorCode])[] = [
  ['request', 'request_not_supported'],
  ['request_uri', 'request_uri_not_supported'],
  ['registration', 'registration_not_supported'],
];

function checkChallenge(
  parameters: ReadonlyMap<string, string>,
  client: Client,
  policy: AuthorizationPolicy,
): string | undefined {
  const challenge = parameters.get('code_challenge');
  const method = parameters.get('code_challenge_method');
  if (challenge === undefined) {
    if (method !== undefined)
      throw invalid('A code_challenge_method came without code_challenge.', 'pkce.method_alone');
    if (policy.pkce === 'required' || client.type === 'public' || client.pkceRequired)
      throw invalid('The code_challenge is missing: PKCE is required.', 'pkce.required');
    return undefined;
  }
  // RFC 7636 4.3: without a method it would be "plain", which shows the verifier to whoever reads the request.
  if (method !== 'S256') throw invalid('The code_challenge_method must be S256.', 'pkce.method');
  if (!isS256Challenge(challenge)) throw invalid('The code_challenge is malformed.', 'pkce.malformed');
  return challenge;
}

// OpenID Connect Core 3.1.2.1: how to show pages is a wish; one that we don't know is no reason to refuse.
const displays: readonly Display[] = ['page', 'popup', 'touch', 'wap'];

function checkPreferences(parameters: ReadonlyMap<string, string>, name: string): readonly string[] | undefined {
  const text = bounded(parameters, name, mostPreferences * (mostPreferenceCharacters + 1));
  if (text === undefined) return undefined;
  const values = [...new Set(text.split(' ').filter((value) => value !== ''))];
  if (values.length > mostPreferences || values.some((value) => value.length > mostPreferenceCharacters))
    throw invalid(`The parameter ${name} is too long.`, `${name}.too_long`);
  return values.length > 0 ? values : undefined;
}

const prompts: readonly string[] = ['none', 'login', 'consent', 'select_account'] satisfies Prompt[];

function checkPrompt(text: string | undefined): readonly Prompt[] {
  if (text === undefined) return [];
  if (text.length > mostPromptCharacters) throw invalid('This prompt is not supported.', 'prompt.unsupported');
  const values = [...new Set(text.split(' ').filter((value) => value !== ''))];
  if (!values.every((value): value is Prompt => prompts.includes(value)))
    throw invalid('This prompt is not supported.', 'prompt.unsupported');
  if (values.includes('none') && values.length > 1)
    throw invalid('prompt=none goes with no other value.', 'prompt.none_not_alone');
  return values;
}

function checkMaxAge(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,10}$/.test(text)) throw invalid('The max_age is not a number of seconds.', 'max_age.malformed');
  return Number(text);
}

function bounded(parameters: ReadonlyMap<string, string>, name: string, most: number): string | undefined {
  const value = parameters.get(name);
  if (value !== undefined && value.length > most)
    throw invalid(`The parameter ${name} is too long.`, `${name}.too_long`);
  return value;
}

/**
 * How an error travels: as asked for, else where that response type's answer would be looked for, which for those
 * with a token in it is the fragment (OAuth 2.0 Multiple Response Type Encoding Practices 5).
 */
function errorMode(parameters: ReadonlyMap<string, string>): ResponseModeName {
  const mode = parameters.get('response_mode');
  if (isResponseMode(mode)) return mode;
  const responseType = parameters.get('response_type') ?? '';
  return /(^| )(id_)?token( |$)/.test(responseType) ? 'fragment' : 'query';
}

function isResponseMode(text: string | undefined): text is ResponseModeName {
  return text === 'query' || text === 'fragment' || text === 'form_post';
}

function invalid(description: string, reason: string): OAuthError {
  return new OAuthError('invalid_request', description, { reason });
}

function refused(description: string, reason: string): AuthorizationCheck {
  return { kind: 'refused', error: invalid(description, reason) };
}

/** The request as text, for a row of ours; {@link parseAuthorizationRequest} reads it back. */
export function writeAuthorizationRequest(request: AuthorizationRequest): string {
  return JSON.stringify(request);
}

/** Reads what {@link writeAuthorizationRequest} wrote: checked then, so trusted now. */
export function parseAuthorizationRequest(text: string): AuthorizationRequest {
  return JSON.parse(text) as AuthorizationRequest;
}
