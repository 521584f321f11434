export {
  contentEncryptionAlgorithms,
  isMacAlgorithm,
  isSameAlgorithm,
  jwsAlgorithms,
  keyManagementAlgorithms,
  macAlgorithms,
  needsSecret,
  publicKeyManagementAlgorithms,
  secretKeyManagementAlgorithms,
  signatureAlgorithms,
  type ContentEncryptionAlgorithm,
  type JwsAlgorithm,
  type KeyManagementAlgorithm,
  type MacAlgorithm,
  type PublicKeyManagementAlgorithm,
  type SecretKeyManagementAlgorithm,
  type SignatureAlgorithm,
} from './algorithms.js';
export { jwkThumbprint, publicJwk, type Jwk } from './jwk.js';
export { encodeSigningInput, leftHalfHash, parseJws, type Jws, type JwsHeader } from './jws.js';
export {
  mayEncrypt,
  mayVerify,
  maxKeySetCharacters,
  maxKeysInSet,
  publicKeyProblem,
  readKeySet,
  readPublicKey,
  verificationKeys,
  type PublicKey,
} from './key-set.js';
export { currentKey, isRetired, latestKey, needsSuccessor, type KeyTimes } from './key-rotation.js';
export { keyFromSecret } from './secret-key.js';
export { fitsAlgorithm, macOf, signatureOf, verifyMac, verifySignature } from './signature.js';
