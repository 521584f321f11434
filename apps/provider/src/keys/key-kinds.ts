import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { JwsAlgorithm, PublicKeyManagementAlgorithm } from '@gatehouse/domain/jose';

const generate = promisify(generateKeyPair);

interface Kind {
  /** RFC 7517 4.2 */
  readonly use: 'sig' | 'enc';
  /** The `alg` that the JWKS shows; left out where a key serves several. */
  readonly alg?: string;
  readonly generate: () => Promise<{ readonly privateKey: KeyObject }>;
}

/**
 * The kinds of key pairs that this server has, each under the first algorithm that it serves. One RSA key signs by every
 * RS and PS algorithm, which are one type of key to relying parties, and one Ed25519 key under both its names (RFC 9864);
 * each other curve has its own.
 */
export const keyKinds = {
  RS256: { use: 'sig', generate: () => generate('rsa', { modulusLength: 2048 }) },
  ES256: { use: 'sig', alg: 'ES256', generate: () => generate('ec', { namedCurve: 'P-256' }) },
  ES384: { use: 'sig', alg: 'ES384', generate: () => generate('ec', { namedCurve: 'P-384' }) },
  ES512: { use: 'sig', alg: 'ES512', generate: () => generate('ec', { namedCurve: 'P-521' }) },
  EdDSA: { use: 'sig', generate: () => generate('ed25519') },
  'RSA-OAEP': { use: 'enc', generate: () => generate('rsa', { modulusLength: 2048 }) },
  'ECDH-ES': { use: 'enc', generate: () => generate('ec', { namedCurve: 'P-256' }) },
} as const satisfies Readonly<Record<string, Kind>>;

export type KeyKind = keyof typeof keyKinds;

// Object.keys forgets what it is given.
export const keyKindNames = Object.keys(keyKinds) as readonly KeyKind[];

/** The kind of key that signs by an algorithm. */
export function signingKind(algorithm: JwsAlgorithm): KeyKind {
  switch (algorithm) {
    case 'RS256':
    case 'RS384':
    case 'RS512':
    case 'PS256':
    case 'PS384':
    case 'PS512':
      return 'RS256';
    case 'Ed25519':
      return 'EdDSA';
    default:
      return algorithm;
  }
}

/** The kind of key that others encrypt to by an algorithm. */
export function encryptionKind(algorithm: PublicKeyManagementAlgorithm): KeyKind {
  return algorithm.startsWith('RSA-') ? 'RSA-OAEP' : 'ECDH-ES';
}
