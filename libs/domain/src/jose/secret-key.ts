import { createHash } from 'node:crypto';
import type { ContentEncryptionAlgorithm, SecretKeyManagementAlgorithm } from './algorithms.js';

const keyBytes: Readonly<Record<Exclude<SecretKeyManagementAlgorithm, 'dir'> | ContentEncryptionAlgorithm, number>> = {
  A128KW: 16,
  A192KW: 24,
  A256KW: 32,
  A128GCM: 16,
  A192GCM: 24,
  A256GCM: 32,
  'A128CBC-HS256': 32,
  'A192CBC-HS384': 48,
  'A256CBC-HS512': 64,
};

/**
 * The symmetric key that client and server both make of the client secret: the left of its SHA-2 hash.
 * @returns 16 to 64 bytes, by the algorithm that wraps the content key, or by the content's where the key is used directly
 * @see OpenID Connect Core 10.2
 */
export function keyFromSecret(
  secret: string,
  algorithm: SecretKeyManagementAlgorithm,
  encryption: ContentEncryptionAlgorithm,
): Buffer {
  const length = keyBytes[algorithm === 'dir' ? encryption : algorithm];
  const hash = length <= 32 ? 'sha256' : length <= 48 ? 'sha384' : 'sha512';
  return createHash(hash).update(secret, 'utf8').digest().subarray(0, length);
}
