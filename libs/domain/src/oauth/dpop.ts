import {
  jwkThumbprint,
  jwsAlgorithms,
  mayVerify,
  parseJws,
  readPublicKey,
  verifySignature,
  type Jwk,
  type JwsAlgorithm,
} from '../jose/index.js';
import {
  addSeconds,
  decodeBase64url,
  encodeBase64url,
  epochSeconds,
  sha256,
  type EpochSeconds,
} from '../kernel/index.js';
import { OAuthError } from './oauth-error.js';
import { algorithmsUnder, securityProfile, type SecurityProfileName } from './security-profile.js';

/** Algorithms of proofs: asymmetric only, never `none` (RFC 9449 4.2). */
export const dpopAlgorithms = jwsAlgorithms;

/** Maximum age of a proof, and tolerated clock difference of the client, in seconds. */
const maxAgeSeconds = 300;
const skewSeconds = 60;

const maxProofCharacters = 8000;
const maxIdCharacters = 1000;
const maxUriCharacters = 4000;
const maxNonceCharacters = 200;

/** The request to which a proof must apply. */
export interface DpopContext {
  readonly method: string;
  /** URL of the endpoint as clients know it: issuer and path. */
  readonly uri: string;
  /** The access token in the same request; undefined if there is none. */
  readonly accessToken?: string | undefined;
  readonly now: EpochSeconds;
}

/** A valid proof. The caller still checks for replay and the nonce. */
export interface DpopProof {
  /** Thumbprint of the key (RFC 7638), to which tokens are bound. */
  readonly jkt: string;
  readonly jti: string;
  readonly nonce: string | undefined;
  readonly algorithm: JwsAlgorithm;
  /** `iat`; may have a fraction. */
  readonly issuedAt: number;
  /** When it is rejected as too old: its `jti` is stored until then. */
  readonly expiresAt: EpochSeconds;
}

/**
 * Validates a DPoP proof: the sender has the private key of its public key and created it for this request.
 * @param text the DPoP header as received
 * @throws OAuthError invalid_dpop_proof
 * @see RFC 9449 4.2, 4.3
 */
export function checkDpopProof(text: string, context: DpopContext): DpopProof {
  // Node joins two headers with a comma, which a JWS cannot contain.
  const jws = parseJws(text, { maxLength: maxProofCharacters });
  if (!jws) throw invalid('The DPoP proof is not one well-formed JWT.', 'malformed');
  const { typ, alg, jwk } = jws.header;
  if (typ !== 'dpop+jwt') throw invalid('The typ of a DPoP proof must be dpop+jwt.', 'typ');
  const algorithm = dpopAlgorithms.find((each) => each === alg);
  if (!algorithm) throw invalid('A DPoP proof must be signed with a supported asymmetric algorithm.', 'alg');
  if (!isObject(jwk)) throw invalid('A DPoP proof must contain its public key (jwk).', 'jwk');
  const key = readPublicKey(jwk);
  // Rejects private members, other key types, points that are not on the curve, and short keys.
  if (!key || !mayVerify(key, algorithm))
    throw invalid('The key of the DPoP proof is not a public key for its algorithm.', 'jwk');
  if (!verifySignature(algorithm, key.key, jws.signingInput, jws.signature))
    throw invalid('The DPoP proof is not signed with the key in its header.', 'signature');

  const { htm, htu, iat, jti, ath, nonce } = jws.payload;
  if (htm !== context.method) throw invalid('The htm of the DPoP proof is not the method of this request.', 'htm');
  const uri = normalUri(htu);
  if (uri === undefined || uri !== normalUri(context.uri))
    throw invalid('The htu of the DPoP proof is not the URL of this endpoint.', 'htu');
  if (typeof iat !== 'number' || !Number.isFinite(iat)) throw invalid('A DPoP proof requires an iat.', 'iat');
  if (iat > context.now + skewSeconds) throw invalid('The iat of the DPoP proof is in the future.', 'future');
  if (iat + maxAgeSeconds <= context.now) throw invalid('The DPoP proof is too old.', 'old');
  if (typeof jti !== 'string' || jti === '' || jti.length > maxIdCharacters)
    throw invalid('A DPoP proof requires a unique jti.', 'jti');
  if (nonce !== undefined && (typeof nonce !== 'string' || nonce.length > maxNonceCharacters))
    throw invalid('The nonce of a DPoP proof must be a string.', 'nonce');
  if (context.accessToken !== undefined && ath !== encodeBase64url(sha256(context.accessToken)))
    throw invalid('The ath of the DPoP proof is not the hash of the access token.', 'ath');
  return {
    jkt: jwkThumbprint(jwk),
    jti,
    nonce,
    algorithm,
    issuedAt: iat,
    expiresAt: addSeconds(epochSeconds(Math.ceil(iat)), maxAgeSeconds + 1),
  };
}

/**
 * Checks the requirements of the client's security profile in addition to {@link checkDpopProof}.
 * @throws OAuthError invalid_dpop_proof
 * @see FAPI 2.0 Security Profile 5.3.2.1, 5.4.1
 */
export function checkProofUnderProfile(
  { algorithm, issuedAt }: Pick<DpopProof, 'algorithm' | 'issuedAt'>,
  profile: SecurityProfileName,
  now: EpochSeconds,
): void {
  if (!algorithmsUnder(profile, dpopAlgorithms).includes(algorithm))
    throw invalid('The security profile of this client does not allow the algorithm of the DPoP proof.', 'profile_alg');
  if (issuedAt > now + securityProfile(profile).clockSkewSeconds)
    throw invalid('The iat of the DPoP proof is in the future.', 'future');
}

/** The `dpop_jkt` of an authorization request: a SHA-256 in base64url (RFC 9449 10). */
export function isJkt(text: string): boolean {
  return decodeBase64url(text)?.length === 32;
}

/**
 * A URI for comparison with `htu`: without query and fragment, normalized by syntax and scheme.
 * @returns undefined unless it is an http or https URI
 * @see RFC 9449 4.3 (9), RFC 3986 6.2.2, 6.2.3
 */
function normalUri(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > maxUriCharacters || !URL.canParse(value)) return undefined;
  const url = new URL(value);
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return undefined;
  const path = url.pathname.replaceAll(/%([0-9a-f]{2})/gi, (escaped, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9._~-]/.test(character) ? character : escaped.toUpperCase();
  });
  return url.origin + path;
}

function isObject(value: unknown): value is Jwk {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(description: string, reason: string): OAuthError {
  return new OAuthError('invalid_dpop_proof', description, { reason: `dpop.${reason}` });
}
