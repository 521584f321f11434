import { needsSecret } from '../jose/index.js';
import type { Client } from './client.js';

/**
 * How a client's secret is used: not at all; compared with what the client sends, for which its hash is enough; or itself, as
 * the key of MACs and encryption.
 */
export type SecretNeed = 'none' | 'compared' | 'known';

/** @see OpenID Connect Core 9, 10.1, 10.2 */
export function secretNeed(client: Client): SecretNeed {
  const algorithms = [
    client.idTokenSignedResponseAlg,
    client.idTokenEncryptedResponseAlg,
    client.userinfoSignedResponseAlg,
    client.userinfoEncryptedResponseAlg,
    client.authorizationSignedResponseAlg,
    client.authorizationEncryptedResponseAlg,
    client.introspectionSignedResponseAlg,
    client.introspectionEncryptedResponseAlg,
    client.requestObjectSigningAlg,
    client.requestObjectEncryptionAlg,
  ];
  if (client.authMethod === 'client_secret_jwt' || algorithms.some((each) => each !== undefined && needsSecret(each)))
    return 'known';
  return client.authMethod === 'client_secret_basic' || client.authMethod === 'client_secret_post'
    ? 'compared'
    : 'none';
}
