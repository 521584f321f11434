export { idTokenClaims, userinfoClaims, type Person } from './claims.js';
export { checkEndSession, type EndSessionCheck } from './end-session.js';
export { providerMetadata, type Offer } from './metadata.js';
