export { claimNamesOf, claimValues, idTokenClaims, userinfoClaims, type ClaimName, type Person } from './claims.js';
export { claimsBeyondScope, requestedClaims } from './claims-request.js';
export { checkEndSession, type EndSessionCheck } from './end-session.js';
export { providerMetadata, type Offer } from './metadata.js';
