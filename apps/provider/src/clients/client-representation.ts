import { formatClientMetadata, formatOwnProperties, type Client } from '@gatehouse/domain/oauth';

/**
 * A client in JSON, for the command line and the API: metadata under the names of RFC 7591 2, and the properties that
 * administrators set under names of this server. Instants are seconds since the epoch. Never contains a secret.
 */
export function clientRepresentation(client: Client): Record<string, unknown> {
  return {
    client_id: client.id,
    ...formatClientMetadata(client),
    ...formatOwnProperties(client),
    owner_id: client.ownerId ?? null,
    source: client.source,
    approved: client.approvedAt !== undefined,
    restricted: client.restrictedAt !== undefined,
    disabled: client.disabledAt !== undefined,
    created_at: client.createdAt,
  };
}
