export { accessTokenClaims } from './access-token-claims.js';
export {
  acrOf,
  addMethods,
  anySecondFactor,
  authenticationContexts,
  authenticationRequirements,
  contextsOf,
  requiresPasskey,
  multiFactorContext,
  phishingResistantContext,
  preferredContexts,
  unmetRequirements,
  type AuthenticationContext,
  type AuthenticationMethod,
} from './authentication-context.js';
export { refreshAllowed, type AuthorizedGrant } from './authorized-grant.js';
export { refuseAuthorizationDetails } from './authorization-details.js';
export {
  currentRefreshTokenExpiry,
  extendsRefreshToken,
  refreshTokenExpiry,
  refreshTokenRotations,
  rotatesRefreshTokens,
} from './refresh-token.js';
export {
  bearerChallenge,
  dpopChallenge,
  isBasic,
  parseBasicCredentials,
  parseBearer,
  parseDpopToken,
} from './authorization-header.js';
export {
  responseModeNames,
  type AuthorizationPolicy,
  type Display,
  type Prompt,
  type ResponseModeName,
} from './authorization-parameters.js';
export {
  checkAuthorizationRequest,
  denyAuthorizationRequest,
  isErrorRedirected,
  parseAuthorizationRequest,
  recheckAuthorizationRequest,
  writeAuthorizationRequest,
  type AuthorizationCheck,
  type AuthorizationRequest,
} from './authorization-request.js';
export {
  claimRequestOf,
  fitsClaimRequest,
  requestedSubjects,
  type ClaimRequest,
  type ClaimsMember,
  type ClaimsRequest,
} from './claims-parameter.js';
export { isMaterialChange, redirectPlaces, writeClientIdentity, type ClientIdentity } from './client-identity.js';
export {
  allowScopes,
  isServerScope,
  missingScopes,
  nothingAllowed,
  type AllowedScopes,
  type RequestedScopes,
} from './consent.js';
export {
  checkDeviceAuthorizationRequest,
  deviceCodeGrant,
  deviceStepRequest,
  firstIntervalSeconds,
  slowDownSeconds,
  type DeviceAuthorizationRequest,
  type StepRequest,
} from './device-authorization.js';
export { requestObjectParameters, type RequestObjectContext } from './request-object.js';
export {
  authorizationErrorParameters,
  authorizationResponseClaims,
  authorizationResponseParameters,
} from './authorization-response.js';
export {
  authMethods,
  checkClientMetadata,
  checkResourcesAllowed,
  restrictedClient,
  withoutOwnedAdministration,
  isDynamicallyRegistered,
  clientSources,
  grantTypeNames,
  type AuthMethod,
  type Client,
  type ClientDraft,
  type ClientSource,
  type FieldProblem,
  type GrantTypeName,
} from './client.js';
export {
  adminOnlyProblems,
  changesCredentials,
  givesServiceAccountToOwner,
  hasAdministratorRights,
  isAdministratorGrantedScope,
  looseningProblems,
  ownerMayReplaceCredentials,
} from './client-rights.js';
export {
  clientHandover,
  keptKeyProblems,
  losesKeys,
  releasedClient,
  withoutEndedKeys,
  type ClientHandover,
  endsCredentials,
} from './client-handover.js';
export { isRecentSignIn, missingForRecentSignIn, recentSignInSeconds, type SignIn } from './recent-sign-in.js';
export { metadataOf, plainMetadata, type ClientMetadataDraft } from './client-metadata.js';
export type { JwkSet } from './client-property-checks.js';
export {
  blankRegistration,
  formatClientMetadata,
  formatOwnProperties,
  metadataName,
  parseClientMetadata,
  parseClientProperties,
} from './client-registration.js';
export {
  checkedColumns,
  clientFlagNames,
  clientFlagsBy,
  clientProperties,
  clientPropertyNames,
  columnPropertyNames,
  metadataProperties,
  metadataPropertyNames,
  maySetClientProperty,
  type ClientEditor,
  type ClientFlagName,
  type ClientMetadata,
  type ClientPropertyCodec,
  type ClientPropertyName,
  type ClientPropertySetter,
  type ColumnPropertyName,
  type MetadataPropertyName,
} from './client-properties.js';
export { clientDraft, settableInput, type ClientDecisions, type ClientInput } from './client-draft.js';
export { afterDocumentChange, identityProblemsOfRegistrant, keepsApproval } from './client-approval.js';
export {
  checkAssertionResources,
  checkBearerAssertion,
  checkTrustedIssuer,
  invalidAssertion,
  jwtBearerGrant,
  subjectKinds,
  type SubjectKind,
  type TrustedIssuer,
  type TrustedIssuerDraft,
} from './jwt-bearer.js';
export {
  checkClientAssertion,
  checkClientAssertionType,
  jwtBearerAssertion,
  type AssertionUse,
} from './client-assertion.js';
export { exchangedScope } from './exchanged-scope.js';
export {
  checkDpopProof,
  checkProofUnderProfile,
  dpopAlgorithms,
  isJkt,
  type DpopContext,
  type DpopProof,
} from './dpop.js';
export { introspectionResponse, tokenResponse } from './messages.js';
export {
  parseTokenRequest,
  tokenGrantTypes,
  type AuthorizationCodeRequest,
  type ClientCredentialsRequest,
  type DeviceCodeRequest,
  type JwtBearerRequest,
  type RefreshTokenRequest,
  type TokenExchangeRequest,
  type TokenGrantType,
  type TokenRequest,
} from './token-request.js';
export { clientIdUrlProblem, isClientIdUrl, isHostAllowed, parseHostRules, type HostRules } from './client-id-url.js';
export { makeUserCode, parseUserCode } from './user-code.js';
export { nextStep, type NextStep, type NextStepInput } from './next-step.js';
export { loosenedMembers, withHardeningOf, type ClientHardening } from './client-hardening.js';
export { removalProblem } from './client-removal.js';
export { secretNeed, type SecretNeed } from './secret-need.js';
export { errorBody, OAuthError, statusOf, type OAuthErrorCode, type RequiredAuthentication } from './oauth-error.js';
export { checkCodeVerifier, isS256Challenge } from './pkce.js';
export { isLoopbackHost, matchRedirectUri, redirectUriProblem } from './redirect-uri.js';
export {
  findResponseType,
  responseTypeNames,
  responseContents,
  returnsToken,
  type ResponseContents,
  type ResponseTypeName,
} from './response-type.js';
export {
  checkResource,
  narrowResources,
  parseResourceParameter,
  needsRecentSignIn,
  resourceAccess,
  targetOf,
  tokenFormats,
  type Resource,
  type ResourceAccess,
  type ResourceDraft,
  type ResourceScope,
  type Target,
  type TokenFormat,
} from './resource.js';
export {
  administrationScopes,
  checkRefreshScope,
  formatScope,
  isAdministrationScope,
  isScopeToken,
  isSubset,
  parseScope,
  standardScopes,
  type AdministrationScope,
  type Scope,
} from './scope.js';
export {
  accessTokenType,
  prependActor,
  checkActorToken,
  exchangeRulesFor,
  isDelegated,
  formatExchangeRule,
  jwtType,
  maxActors,
  parseExchangeRules,
  tokenExchangeGrant,
  type Actor,
  type ExchangeRule,
} from './token-exchange.js';
export {
  algorithmsUnder,
  profileFor,
  profileProblems,
  raisesProfile,
  securityProfile,
  securityProfileNames,
  underProfile,
  unmetProfile,
  type SecurityProfile,
  type SecurityProfileName,
} from './security-profile.js';
