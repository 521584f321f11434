import type { Client } from './client.js';
import { OAuthError } from './oauth-error.js';
import { isS256Challenge } from './pkce.js';
import { findResponseType, returnsToken, type ResponseTypeName } from './response-type.js';

// Validation of single parameters of an authorization request.

export type Prompt = 'none' | 'login' | 'consent' | 'select_account';
/** How a response reaches the client; `.jwt`: as a signed JWT (JARM 2.3). */
export const responseModeNames = [
  'query',
  'fragment',
  'form_post',
  'query.jwt',
  'fragment.jwt',
  'form_post.jwt',
] as const;
export type ResponseModeName = (typeof responseModeNames)[number];
export type Display = 'page' | 'popup' | 'touch' | 'wap';

/** Whether the server requires PKCE of all clients, or of public ones and those with `require_pkce`. */
export interface AuthorizationPolicy {
  readonly pkce: 'required' | 'public';
}

const maxPromptCharacters = 200;
const maxPreferences = 20;
const maxPreferenceCharacters = 200;

export function checkChallenge(
  parameters: ReadonlyMap<string, string>,
  client: Client,
  policy: AuthorizationPolicy,
): string | undefined {
  const challenge = parameters.get('code_challenge');
  const method = parameters.get('code_challenge_method');
  if (challenge === undefined) {
    if (method !== undefined)
      throw invalid('The code_challenge_method requires a code_challenge.', 'pkce.method_alone');
    if (policy.pkce === 'required' || client.type === 'public' || client.pkceRequired)
      throw invalid('The code_challenge is missing: this client requires PKCE.', 'pkce.required');
    return undefined;
  }
  // RFC 7636 4.3: the default method is "plain", which reveals the verifier to anyone who reads the request.
  if (method !== 'S256') throw invalid('The code_challenge_method must be S256.', 'pkce.method');
  if (!isS256Challenge(challenge)) throw invalid('The code_challenge is malformed.', 'pkce.malformed');
  return challenge;
}

// OpenID Connect Core 3.1.2.1: display is a hint; unknown values are not an error.
const displays: readonly Display[] = ['page', 'popup', 'touch', 'wap'];

export function checkDisplay(text: string | undefined): Display | undefined {
  return displays.find((display) => display === text);
}

export function checkPreferences(parameters: ReadonlyMap<string, string>, name: string): readonly string[] | undefined {
  const text = bounded(parameters, name, maxPreferences * (maxPreferenceCharacters + 1));
  if (text === undefined) return undefined;
  const values = [...new Set(text.split(' ').filter((value) => value !== ''))];
  if (values.length > maxPreferences || values.some((value) => value.length > maxPreferenceCharacters))
    throw invalid(`The parameter ${name} is too long.`, `${name}.too_long`);
  return values.length > 0 ? values : undefined;
}

const prompts: readonly string[] = ['none', 'login', 'consent', 'select_account'] satisfies Prompt[];

export function checkPrompt(text: string | undefined): readonly Prompt[] {
  if (text === undefined) return [];
  if (text.length > maxPromptCharacters) throw invalid('This prompt is not supported.', 'prompt.unsupported');
  const values = [...new Set(text.split(' ').filter((value) => value !== ''))];
  if (!values.every((value): value is Prompt => prompts.includes(value)))
    throw invalid('This prompt is not supported.', 'prompt.unsupported');
  if (values.includes('none') && values.length > 1)
    throw invalid('prompt=none cannot be combined with other values.', 'prompt.none_not_alone');
  return values;
}

export function checkMaxAge(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,10}$/.test(text)) throw invalid('The max_age is not a number of seconds.', 'max_age.malformed');
  return Number(text);
}

export function bounded(parameters: ReadonlyMap<string, string>, name: string, most: number): string | undefined {
  const value = parameters.get(name);
  if (value !== undefined && value.length > most)
    throw invalid(`The parameter ${name} is too long.`, `${name}.too_long`);
  return value;
}

const maxStateCharacters = 2000;
const maxNonceCharacters = 1000;

/**
 * The `state` for the response: printable ASCII. Other characters might not arrive unaltered.
 * @see RFC 6749 A.5
 */
export function checkState(parameters: ReadonlyMap<string, string>): string | undefined {
  const state = bounded(parameters, 'state', maxStateCharacters);
  if (state !== undefined && !isPrintableAscii(state))
    throw invalid('The state has characters that are not printable ASCII.', 'state.characters');
  return state;
}

/** The `state` of a rejected request; undefined where it cannot be returned. */
export function returnableState(parameters: ReadonlyMap<string, string>): string | undefined {
  const state = parameters.get('state');
  return state !== undefined && state.length <= maxStateCharacters && isPrintableAscii(state) ? state : undefined;
}

/** The `nonce` for the ID token: text without replacement characters (U+FFFD) or characters that could be altered later. */
export function checkNonce(parameters: ReadonlyMap<string, string>): string | undefined {
  const nonce = bounded(parameters, 'nonce', maxNonceCharacters);
  if (nonce !== undefined && /[\p{Cc}\p{Cs}\uFFFD]/u.test(nonce))
    throw invalid('The nonce has control characters.', 'nonce.characters');
  return nonce;
}

/** VSCHAR of RFC 6749 A */
function isPrintableAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

export function checkResponseType(text: string | undefined): ResponseTypeName {
  if (text === undefined) throw invalid('The response_type is missing.', 'response_type.missing');
  const responseType = findResponseType(text);
  if (!responseType)
    throw new OAuthError('unsupported_response_type', 'This response_type is not supported.', {
      reason: 'response_type.unsupported',
    });
  return responseType;
}

/** OAuth 2.0 Multiple Response Type Encoding Practices 2.1 and 5, JARM 2.3: tokens are never returned in a query, which gets into logs. */
export function checkResponseMode(
  text: string | undefined,
  responseType: ResponseTypeName,
  client: Client,
): ResponseModeName {
  const usual = returnsToken(responseType) ? 'fragment' : 'query';
  if (text === undefined) return usual;
  // JARM 2.3.4: the default mode, as a JWT.
  if (text === 'jwt') return `${usual}.jwt`;
  if (!isResponseMode(text)) throw invalid('This response_mode is not supported.', 'response_mode.unsupported');
  const isReadable =
    text === 'query' || (text === 'query.jwt' && client.authorizationEncryptedResponseAlg === undefined);
  if (isReadable && usual === 'fragment')
    throw invalid('A response with a token cannot be returned in the query.', 'response_mode.query_with_token');
  return text;
}

/**
 * The response mode of an error: the requested one, or the default of the response type, which is the fragment for those with
 * tokens (OAuth 2.0 Multiple Response Type Encoding Practices 5).
 */
export function errorMode(parameters: ReadonlyMap<string, string>): ResponseModeName {
  const usual = /(^| )(id_)?token( |$)/.test(parameters.get('response_type') ?? '') ? 'fragment' : 'query';
  const mode = parameters.get('response_mode');
  if (mode === 'jwt') return `${usual}.jwt`;
  return isResponseMode(mode) && !(mode === 'query' && usual === 'fragment') ? mode : usual;
}

function isResponseMode(text: string | undefined): text is ResponseModeName {
  return responseModeNames.some((name) => name === text);
}

export function invalid(description: string, reason: string): OAuthError {
  return new OAuthError('invalid_request', description, { reason });
}
