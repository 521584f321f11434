import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose';
import { BoundedCache } from './bounded-cache.js';
import type { IncomingRequest } from './credentials.js';
import { Refusal } from './refusal.js';

/** Asymmetric ones alone (RFC 9449 4.3). */
export const proofAlgorithms = ['ES256', 'ES384', 'EdDSA', 'PS256', 'RS256'] as const;

const maxCharacters = 8192;
/** How old a proof may be, and how far in the future. */
const windowSeconds = 60;
const maxSeen = 100_000;
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** Keeps which proofs were seen. @returns false for one that was seen before */
export type ReplayCheck = (id: string, untilEpochSeconds: number, now: number) => boolean | Promise<boolean>;

/** For one process; several that share the load share a store of their own. */
export function replayCheckInMemory(): ReplayCheck {
  const seen = new BoundedCache<true>(maxSeen);
  return (id, until, now) => {
    if (seen.get(id, now)) return false;
    seen.set(id, true, until);
    return true;
  };
}

/**
 * Checks the proof that comes with a token.
 * @returns the thumbprint of its key, which the token must be bound to
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
    throw invalid('One DPoP proof is needed.');
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
  if (crit !== undefined) throw invalid('The DPoP proof has a header that is not understood.');
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
  // Of one key: another one's proof with the same jti is another proof.
  if (!(await isFirst(`${thumbprint}:${jti}`, iat + windowSeconds + 1, now)))
    throw invalid('The DPoP proof was used before.');
  return thumbprint;
}

/** Scheme and host in lower case, default ports and dot segments gone (RFC 9449 4.3: RFC 3986 6.2.2 and 6.2.3). */
function withoutQuery(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  return url.origin + url.pathname;
}

function invalid(message: string, cause?: unknown): Refusal {
  return new Refusal('invalid_dpop_proof', message, [], { cause });
}
