export { decodeBase64url, encodeBase64url } from './base64url.js';
export { equalInConstantTime, sha256 } from './digest.js';
export { addSeconds, epochSeconds, type EpochSeconds } from './time.js';
export { formatToken, parseSelector, parseToken, type Selector, type Token } from './token.js';
export { isNestedWithin } from './nesting.js';
export { hasWrittenHost } from './web-address.js';
export { isHighlyRestrictive } from './restriction-level.js';
export { asciiEmailKey, emailKey, emailKeys, isEmailAddress, maxEmailUnits } from './email-address.js';
