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
