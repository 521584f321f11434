import { refuseAuthorizationDetails } from './authorization-details.js';
import type { Client } from './client.js';
import { deviceCodeGrant } from './device-authorization.js';
import { exchangeTargets } from './exchanged-scope.js';
import { jwtBearerGrant } from './jwt-bearer.js';
import { OAuthError } from './oauth-error.js';
import { parseResourceParameter } from './resource.js';
import { parseScope, type Scope } from './scope.js';
import { checkExchangeRequest, tokenExchangeGrant } from './token-exchange.js';

type Parameters = ReadonlyMap<string, string>;

/** RFC 6749 4.1.3, RFC 7636 4.5 */
export interface AuthorizationCodeRequest {
  readonly grantType: 'authorization_code';
  readonly code: string;
  readonly redirectUri: string | undefined;
  readonly codeVerifier: string | undefined;
  /** Identifiers of APIs (RFC 8707 2.2). */
  readonly resources: readonly string[];
}

/** RFC 6749 6 */
export interface RefreshTokenRequest {
  readonly grantType: 'refresh_token';
  readonly refreshToken: string;
  /** Undefined: everything that was granted. */
  readonly scope: Scope | undefined;
  readonly resources: readonly string[];
}

/** RFC 6749 4.4.2 */
export interface ClientCredentialsRequest {
  readonly grantType: 'client_credentials';
  /** Undefined: the client's default scope. */
  readonly scope: Scope | undefined;
  readonly resources: readonly string[];
}

/** RFC 8628 3.4 */
export interface DeviceCodeRequest {
  readonly grantType: typeof deviceCodeGrant;
  readonly deviceCode: string;
  readonly resources: readonly string[];
}

/** RFC 8693 2.1 */
export interface TokenExchangeRequest {
  readonly grantType: typeof tokenExchangeGrant;
  readonly subjectToken: string;
  readonly actorToken: string | undefined;
  /** The requested token type; undefined: that of the API. */
  readonly requestedType: string | undefined;
  /** Identifiers of APIs, from `resource` and `audience`. */
  readonly targets: readonly string[];
  readonly scope: Scope | undefined;
}

/** RFC 7523 2.1 */
export interface JwtBearerRequest {
  readonly grantType: typeof jwtBearerGrant;
  readonly assertion: string;
  readonly scope: Scope | undefined;
  readonly resources: readonly string[];
}

/** A token request (RFC 6749 3.2) by grant type: well-formed, not yet verified. */
export type TokenRequest =
  | AuthorizationCodeRequest
  | RefreshTokenRequest
  | ClientCredentialsRequest
  | DeviceCodeRequest
  | TokenExchangeRequest
  | JwtBearerRequest;

/** Grant types of the token endpoint: all except `implicit` (RFC 8414 2). */
export type TokenGrantType = TokenRequest['grantType'];

const parsers: { readonly [Name in TokenGrantType]: (parameters: Parameters) => TokenRequest & { grantType: Name } } = {
  authorization_code: (parameters) => ({
    grantType: 'authorization_code',
    code: required(parameters, 'code', 'code.missing'),
    redirectUri: parameters.get('redirect_uri'),
    codeVerifier: parameters.get('code_verifier'),
    resources: parseResourceParameter(parameters.get('resource')),
  }),
  refresh_token: (parameters) => ({
    grantType: 'refresh_token',
    refreshToken: required(parameters, 'refresh_token', 'refresh.missing'),
    scope: scopeOf(parameters),
    resources: parseResourceParameter(parameters.get('resource')),
  }),
  client_credentials: (parameters) => ({
    grantType: 'client_credentials',
    scope: scopeOf(parameters),
    resources: parseResourceParameter(parameters.get('resource')),
  }),
  [deviceCodeGrant]: (parameters) => ({
    grantType: deviceCodeGrant,
    deviceCode: required(parameters, 'device_code', 'device_code.missing'),
    resources: parseResourceParameter(parameters.get('resource')),
  }),
  [tokenExchangeGrant]: (parameters) => ({
    grantType: tokenExchangeGrant,
    ...checkExchangeRequest(parameters),
    targets: exchangeTargets(parameters),
    scope: scopeOf(parameters),
  }),
  [jwtBearerGrant]: (parameters) => ({
    grantType: jwtBearerGrant,
    assertion: required(parameters, 'assertion', 'assertion.missing'),
    scope: scopeOf(parameters),
    resources: parseResourceParameter(parameters.get('resource')),
  }),
};

/** In the order of the metadata document. */
export const tokenGrantTypes = Object.keys(parsers).filter(isTokenGrantType);

/**
 * Parses a token request of an authenticated client.
 * @param parameters each once, without empty ones (RFC 6749 3.2)
 * @throws OAuthError invalid_request, unsupported_grant_type, unauthorized_client for a grant type that the client is not
 *   registered for, invalid_scope, invalid_target, invalid_authorization_details
 * @see RFC 6749 5.2
 */
export function parseTokenRequest(parameters: Parameters, client: Pick<Client, 'grantTypes'>): TokenRequest {
  const name = required(parameters, 'grant_type', 'grant_type.missing');
  if (!isTokenGrantType(name))
    throw new OAuthError('unsupported_grant_type', 'This grant_type is not supported.', {
      reason: 'grant_type.unsupported',
    });
  if (!client.grantTypes.includes(name))
    throw new OAuthError('unauthorized_client', 'This client may not use this grant_type.', {
      reason: 'grant_type.unregistered',
    });
  refuseAuthorizationDetails(parameters);
  return parsers[name](parameters);
}

function isTokenGrantType(name: string): name is TokenGrantType {
  return Object.hasOwn(parsers, name);
}

function required(parameters: Parameters, name: string, reason: string): string {
  const value = parameters.get(name);
  if (value === undefined) throw new OAuthError('invalid_request', `The ${name} is missing.`, { reason });
  return value;
}

function scopeOf(parameters: Parameters): Scope | undefined {
  const text = parameters.get('scope');
  return text === undefined ? undefined : parseScope(text);
}
