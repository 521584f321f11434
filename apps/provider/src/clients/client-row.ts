import { epochSeconds } from '@gatehouse/domain/kernel';
import {
  columnPropertyNames,
  metadataOf,
  plainMetadata,
  type Client,
  type ClientMetadata,
  type ColumnPropertyName,
} from '@gatehouse/domain/oauth';
import type { ClientEntity } from './client.entity.js';

/** SQL: the client came by itself, and no administrator approved, disabled or limited it. */
export const undecidedCondition = 'approved_at IS NULL AND disabled_at IS NULL AND limited_at IS NULL';

/** The client that a row is. */
export function toClient(row: ClientEntity): Client {
  // Both kinds of properties were written from a checked client, and by nobody else.
  const properties: Record<string, unknown> = { ...plainMetadata, ...row.metadata };
  for (const name of columnPropertyNames) properties[name] = row[name] ?? undefined;
  return Object.assign(properties as unknown as ClientMetadata & Pick<Client, ColumnPropertyName>, {
    id: row.id,
    type: row.type as Client['type'],
    source: row.source as Client['source'],
    approvedAt: row.approvedAt === null ? undefined : epochSeconds(row.approvedAt),
    createdAt: epochSeconds(row.createdAt),
    restrictedAt: row.restrictedAt === null ? undefined : epochSeconds(row.restrictedAt),
    disabledAt: row.disabledAt === null ? undefined : epochSeconds(row.disabledAt),
  });
}

/** What the row has beside the client: when and where from, and the version of its credentials. */
type RowOnly =
  | 'createdAt'
  | 'updatedAt'
  | 'lastUsedAt'
  | 'registeredAddress'
  | 'registeredWith'
  | 'registrationTokenHash'
  | 'credentialsVersion';

/** A client's row, without what the row has beside it. */
export function toRow(client: Client): Omit<ClientEntity, RowOnly> {
  const columns: Partial<Record<ColumnPropertyName, unknown>> = {};
  for (const name of columnPropertyNames) columns[name] = client[name] ?? null;
  return {
    metadata: { ...metadataOf(client) },
    // A column has the type of its property, with null for undefined.
    ...(columns as Pick<ClientEntity, ColumnPropertyName>),
    id: client.id,
    type: client.type,
    source: client.source,
    approvedAt: client.approvedAt ?? null,
    restrictedAt: client.restrictedAt ?? null,
    disabledAt: client.disabledAt ?? null,
  };
}

/** RFC 6749 appendix A.1: printable ASCII. Anything else is not looked up, a NUL least of all. */
export function isClientId(text: string): boolean {
  return /^[\x21-\x7e]{1,200}$/.test(text);
}

/** The origins of its redirect URIs on the web, each once. */
export function webOriginsOf({ redirectUris }: Client): string[] {
  const urls = redirectUris.map((uri) => new URL(uri));
  return [...new Set(urls.filter(isWeb).map(({ origin }) => origin))];
}

function isWeb(url: URL): boolean {
  return url.protocol === 'https:' || url.protocol === 'http:';
}
