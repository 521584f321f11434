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

/** What a proof may be signed with: a key pair, never a shared secret, never nothing (RFC 9449 4.2). */
export const dpopAlgorithms = jwsAlgorithms;

/** How long a proof is good after it was made, and how far ahead of ours a client's clock may be. Seconds. */
const maxAgeSeconds = 300;
const skewSeconds = 60;

const maxProofCharacters = 8000;
const maxIdCharacters = 1000;
const maxUriCharacters = 4000;
const maxNonceCharacters = 200;

/** The request that a proof is for. */
export interface DpopContext {
  readonly method: string;
  /** Of the endpoint, as clients know it: issuer and path. */
  readonly uri: string;
  /** The access token that comes with it; undefined where none does. */
  readonly accessToken?: string | undefined;
  readonly now: EpochSeconds;
}

/** A proof that is right in everything that the proof itself says; that it is used once, and its nonce, are not looked at. */
export interface DpopProof {
  /** Thumbprint of the key (RFC 7638): what tokens are bound to. */
  readonly jkt: string;
  readonly jti: string;
  readonly nonce: string | undefined;
  readonly algorithm: JwsAlgorithm;
  /** `iat`; it may have a fraction. */
  readonly issuedAt: number;
  /** From when on it is refused for its age: until then its `jti` is remembered. */
  readonly expiresAt: EpochSeconds;
}

/**
 * Checks a DPoP proof: that whoever sent it holds the private key of the public one in it, and made it for this request.
 * @param text the DPoP header as it came
 * @throws OAuthError invalid_dpop_proof
 * @see RFC 9449 4.2, 4.3
 */
export function checkDpopProof(text: string, context: DpopContext): DpopProof {
  // Two headers arrive as one with a comma in it, which no JWS has.
  const jws = parseJws(text, { maxLength: maxProofCharacters });
  if (!jws) throw invalid('The DPoP proof is not one well-formed JWT.', 'malformed');
  const { typ, alg, jwk } = jws.header;
  if (typ !== 'dpop+jwt') throw invalid('The typ of a DPoP proof is dpop+jwt.', 'typ');
  const algorithm = dpopAlgorithms.find((each) => each === alg);
  if (!algorithm) throw invalid('A DPoP proof is signed by a key pair, with a supported algorithm.', 'alg');
  if (!isObject(jwk)) throw invalid('A DPoP proof has its public key in it (jwk).', 'jwk');
  const key = readPublicKey(jwk);
  // Private members in it, another key type, a point off its curve, a key that is too short.
  if (!key || !mayVerify(key, algorithm))
    throw invalid('The key of the DPoP proof is not a public key for its algorithm.', 'jwk');
  if (!verifySignature(algorithm, key.key, jws.signingInput, jws.signature))
    throw invalid('The DPoP proof is not signed by the key in it.', 'signature');

  const { htm, htu, iat, jti, ath, nonce } = jws.payload;
  if (htm !== context.method) throw invalid('The htm of the DPoP proof is not the method of this request.', 'htm');
  const uri = normalUri(htu);
  if (uri === undefined || uri !== normalUri(context.uri))
    throw invalid('The htu of the DPoP proof is not the address of this endpoint.', 'htu');
  if (typeof iat !== 'number' || !Number.isFinite(iat)) throw invalid('A DPoP proof has an iat.', 'iat');
  if (iat > context.now + skewSeconds) throw invalid('The DPoP proof was made in the future.', 'future');
  if (iat + maxAgeSeconds <= context.now) throw invalid('The DPoP proof is too old.', 'old');
  if (typeof jti !== 'string' || jti === '' || jti.length > maxIdCharacters)
    throw invalid('A DPoP proof has a jti, a text of its own.', 'jti');
  if (nonce !== undefined && (typeof nonce !== 'string' || nonce.length > maxNonceCharacters))
    throw invalid('The nonce of a DPoP proof is a text.', 'nonce');
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
 * Checks what the security profile of the client demands of its proofs, beyond {@link checkDpopProof}.
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
    throw invalid('The DPoP proof was made in the future.', 'future');
}

/** The `dpop_jkt` of an authorization request: a SHA-256 in base64url (RFC 9449 10). */
export function isJkt(text: string): boolean {
  return decodeBase64url(text)?.length === 32;
}

/**
 * An address as proofs are compared: without query and fragment, by syntax and scheme normalised.
 * @returns undefined for what is no http or https address
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
