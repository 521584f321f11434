import { needsSecret } from '../jose/index.js';
import type { ClientDraft } from './client.js';

/**
 * How a client's secret is used: not at all; compared with what the client sends, for which its hash is enough; or itself, as
 * the key of MACs and encryption.
 */
export type SecretNeed = 'none' | 'compared' | 'known';

/** Algorithms that may have the secret as their key. */
const keyedAlgorithms = [
  'idTokenSignedResponseAlg',
  'idTokenEncryptedResponseAlg',
  'userinfoSignedResponseAlg',
  'userinfoEncryptedResponseAlg',
  'authorizationSignedResponseAlg',
  'authorizationEncryptedResponseAlg',
  'introspectionSignedResponseAlg',
  'introspectionEncryptedResponseAlg',
  'requestObjectSigningAlg',
  'requestObjectEncryptionAlg',
] as const satisfies readonly (keyof ClientDraft)[];

/**
 * @param client checked or not: an algorithm that does not exist needs no secret
 * @see OpenID Connect Core 9, 10.1, 10.2
 */
export function secretNeed(client: Pick<ClientDraft, 'authMethod' | (typeof keyedAlgorithms)[number]>): SecretNeed {
  const isKey = keyedAlgorithms.some((member) => {
    const algorithm = client[member];
    return algorithm !== undefined && needsSecret(algorithm);
  });
  if (client.authMethod === 'client_secret_jwt' || isKey) return 'known';
  return client.authMethod === 'client_secret_basic' || client.authMethod === 'client_secret_post'
    ? 'compared'
    : 'none';
}
