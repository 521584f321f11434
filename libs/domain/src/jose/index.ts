export {
  contentEncryptionAlgorithms,
  jwsAlgorithms,
  keyManagementAlgorithms,
  macAlgorithms,
  needsSecret,
  publicKeyManagementAlgorithms,
  secretKeyManagementAlgorithms,
  type ContentEncryptionAlgorithm,
  type JwsAlgorithm,
  type KeyManagementAlgorithm,
  type MacAlgorithm,
  type PublicKeyManagementAlgorithm,
  type SecretKeyManagementAlgorithm,
} from './algorithms.js';
export { jwkThumbprint, publicJwk, type Jwk } from './jwk.js';
export {
  encodeSigningInput,
  leftHalfHash,
  parseJws,
  signingAlgorithms,
  type Jws,
  type JwsHeader,
  type SigningAlgorithm,
} from './jws.js';
