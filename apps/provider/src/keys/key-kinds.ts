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
 * The kinds of key pairs of this server, each named by the first algorithm that it supports. One RSA key signs with every
 * RS and PS algorithm, which have the same key type for relying parties, and one Ed25519 key under both its names
 * (RFC 9864); each other curve has a separate key.
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

// Object.keys loses the type of the keys.
export const keyKindNames = Object.keys(keyKinds) as readonly KeyKind[];

/** The kind of key that signs with an algorithm. */
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

/** The kind of key that others encrypt to with an algorithm. */
export function encryptionKind(algorithm: PublicKeyManagementAlgorithm): KeyKind {
  return algorithm.startsWith('RSA-') ? 'RSA-OAEP' : 'ECDH-ES';
}
