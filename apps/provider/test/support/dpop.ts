import { createHash, generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, SignJWT, type JWK } from 'jose';

/** A key that a client holds, by a library that is not ours. */
export interface DpopKey {
  readonly alg: string;
  readonly privateKey: KeyObject;
  readonly publicJwk: JWK;
  readonly privateJwk: JWK;
  /** Its thumbprint (RFC 7638). */
  readonly jkt: string;
}

export async function dpopKey(alg: 'ES256' | 'EdDSA' | 'PS256' = 'ES256'): Promise<DpopKey> {
  const { privateKey, publicKey } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : alg === 'EdDSA'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicJwk = publicKey.export({ format: 'jwk' }) as JWK;
  return {
    alg,
    privateKey,
    publicJwk,
    privateJwk: privateKey.export({ format: 'jwk' }),
    jkt: await calculateJwkThumbprint(publicJwk),
  };
}

/** What a proof is made for. */
export interface ProofFor {
  readonly method?: string;
  readonly url: string;
  readonly now: number;
  readonly accessToken?: string | undefined;
  /** Claims and header members that are others than those of a right proof; undefined ones are left out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
}

/** A proof that is right in everything but what is asked to be wrong (RFC 9449 4.2). */
export function proofOf(
  key: DpopKey,
  { method = 'POST', url, now, accessToken, claims, header }: ProofFor,
): Promise<string> {
  const ath = accessToken === undefined ? {} : { ath: createHash('sha256').update(accessToken).digest('base64url') };
  const all = { htm: method, htu: url, iat: now, jti: randomUUID(), ...ath, ...claims };
  return new SignJWT(JSON.parse(JSON.stringify(all)) as Record<string, unknown>)
    .setProtectedHeader({ typ: 'dpop+jwt', jwk: key.publicJwk, alg: key.alg, ...header })
    .sign(key.privateKey);
}
