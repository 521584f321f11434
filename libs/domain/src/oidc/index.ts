export {
  claimNames,
  claimNamesOf,
  claimsOfScope,
  claimValues,
  idTokenClaims,
  isClaimName,
  userinfoClaims,
  type ClaimName,
  type Person,
} from './claims.js';
export { allowedClaims, claimsBeyondScope, requestedClaims } from './claims-request.js';
export {
  checkEndSession,
  mayEndSessionFromServer,
  type EndSessionCheck,
  type PostLogoutRedirectProblem,
} from './end-session.js';
export { frontchannelLogoutAddress } from './frontchannel-logout.js';
export { initiateLoginAddress } from './initiate-login.js';
export { changesSubjects, pairwiseSubject, sectorOf } from './subject.js';
export {
  backchannelLogoutEvent,
  logoutTokenClaims,
  logoutTokenType,
  readLogoutToken,
  type LogoutNotice,
} from './logout-token.js';
export { providerMetadata, type ServerFeatures } from './metadata.js';
export { sessionState } from './session-state.js';
export {
  checkProfile,
  textProblem,
  normalizeProfile,
  type PostalAddress,
  type Profile,
  type ProfileProblem,
  type ProfileRule,
} from './profile.js';
export {
  accountClaims,
  accountFields,
  addressClaims,
  addressFields,
  maySetProperty,
  profileClaims,
  profileFields,
  userProperties,
  userPropertyNames,
  userPropertyOf,
  type AccountField,
  type AddressField,
  type ProfileField,
  type PropertySetter,
  type UserProperty,
  type UserPropertyName,
} from './user-properties.js';
