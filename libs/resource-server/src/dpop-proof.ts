import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose';
import { BoundedCache } from './bounded-cache.js';
import type { IncomingRequest } from './credentials.js';
import { Refusal } from './refusal.js';

/** Asymmetric algorithms only (RFC 9449 4.3). */
export const proofAlgorithms = ['ES256', 'ES384', 'EdDSA', 'PS256', 'RS256'] as const;

const maxCharacters = 8192;
/** Maximum age of a proof, and maximum time in the future, in seconds. */
const windowSeconds = 60;
const maxSeen = 100_000;
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** Stores the ids of accepted proofs. @returns false for an id that was already stored */
export type ReplayCheck = (id: string, untilEpochSeconds: number, now: number) => boolean | Promise<boolean>;

/** In memory, for a single process; several processes need a shared store. */
export function replayCheckInMemory(): ReplayCheck {
  const seen = new BoundedCache<true>(maxSeen);
  return (id, until, now) => {
    if (seen.get(id, now)) return false;
    seen.set(id, true, until);
    return true;
  };
}

/**
 * Validates the proof that is sent with a token.
 * @returns the thumbprint of its key, to which the token must be bound
 * @throws Refusal invalid_dpop_proof
 * @see RFC 9449 4.3, 7.1
 */
export async function checkProof(
  request: IncomingRequest,
  token: string,
  isFirst: ReplayCheck,
  now: number,
): Promise<string> {
  const { dpop } = request;
  const proof = typeof dpop === 'string' ? dpop : dpop?.length === 1 ? dpop[0] : undefined;
  if (proof === undefined || proof.length > maxCharacters || proof.includes(','))
    throw invalid('Exactly one DPoP proof is required.');
  let verified;
  try {
    verified = await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: [...proofAlgorithms],
      requiredClaims: ['jti', 'htm', 'htu', 'iat', 'ath'],
      currentDate: new Date(now * 1000),
    });
  } catch (cause) {
    throw invalid('The DPoP proof is not valid.', cause);
  }
  const { payload, protectedHeader } = verified;
  const { jwk, crit } = protectedHeader;
  if (crit !== undefined) throw invalid('The DPoP proof has an unsupported critical header.');
  if (!jwk || privateMembers.some((member) => Object.hasOwn(jwk, member)))
    throw invalid('The key of the DPoP proof is not a public key.');
  const { jti, htm, htu, iat, ath } = payload;
  if (htm !== request.method) throw invalid('The DPoP proof is for another method.');
  if (typeof htu !== 'string' || withoutQuery(htu) !== withoutQuery(request.url))
    throw invalid('The DPoP proof is for another address.');
  if (ath !== createHash('sha256').update(token).digest('base64url'))
    throw invalid('The DPoP proof is for another token.');
  if (typeof iat !== 'number' || Math.abs(now - iat) > windowSeconds)
    throw invalid('The DPoP proof is too old, or from the future.');
  if (typeof jti !== 'string' || jti.length > 300) throw invalid('The jti of the DPoP proof is malformed.');
  const thumbprint = await calculateJwkThumbprint(jwk);
  // Per key: a proof of another key may have the same jti.
  if (!(await isFirst(`${thumbprint}:${jti}`, iat + windowSeconds + 1, now)))
    throw invalid('The DPoP proof was used before.');
  return thumbprint;
}

/** Lower-cases scheme and host, removes default ports and dot segments (RFC 9449 4.3: RFC 3986 6.2.2 and 6.2.3). */
function withoutQuery(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  return url.origin + url.pathname;
}

function invalid(message: string, cause?: unknown): Refusal {
  return new Refusal('invalid_dpop_proof', message, [], { cause });
}
