export { refreshAllowed, type Authority } from './authority.js';
export { bearerChallenge, isBasic, parseBasicCredentials, parseBearer } from './authorization-header.js';
export {
  checkAuthorizationRequest,
  parseAuthorizationRequest,
  recheckAuthorizationRequest,
  writeAuthorizationRequest,
  type AuthorizationCheck,
  type AuthorizationPolicy,
  type AuthorizationRequest,
  type Display,
  type Prompt,
  type ResponseModeName,
} from './authorization-request.js';
export { authorizationErrorParameters, authorizationResponseParameters } from './authorization-response.js';
export {
  authMethods,
  checkClientMetadata,
  findResponseType,
  grantTypeNames,
  responseTypeNames,
  type AuthMethod,
  type Client,
  type ClientDraft,
  type FieldProblem,
  type GrantTypeName,
  type ResponseTypeName,
} from './client.js';
export {
  metadataOf,
  plainMetadata,
  type ClientMetadata,
  type ClientMetadataDraft,
  type JwkSet,
} from './client-metadata.js';
export { formatClientMetadata, metadataName, parseClientMetadata } from './client-registration.js';
export { introspectionResponse, tokenResponse } from './messages.js';
export { nextStep, type NextStep, type NextStepInput } from './next-step.js';
export { errorBody, OAuthError, statusOf, type OAuthErrorCode } from './oauth-error.js';
export { checkCodeVerifier, isS256Challenge } from './pkce.js';
export { isLoopbackHost, matchRedirectUri, redirectUriProblem } from './redirect-uri.js';
export {
  checkRefreshScope,
  formatScope,
  isScopeToken,
  isSubset,
  parseScope,
  standardScopes,
  type Scope,
} from './scope.js';
