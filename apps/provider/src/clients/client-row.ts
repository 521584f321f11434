import { epochSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import {
  columnPropertyNames,
  metadataOf,
  plainMetadata,
  type Client,
  type ClientMetadata,
  type ColumnPropertyName,
} from '@gatehouse/domain/oauth';
import type { ClientEntity } from './client.entity.js';

/** SQL: a dynamically registered client that no administrator has approved, disabled or restricted. */
export const undecidedCondition = 'approved_at IS NULL AND disabled_at IS NULL AND limited_at IS NULL';

/** Converts a row to a client. */
export function toClient(row: ClientEntity): Client {
  // Both kinds of properties are only written from a checked client.
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

/** Columns that are not part of the client: timestamps, origin and credentials version. */
type RowOnly =
  | 'createdAt'
  | 'updatedAt'
  | 'lastUsedAt'
  | 'registeredAddress'
  | 'registeredWith'
  | 'registrationTokenHash'
  | 'credentialsVersion';

/** Converts a client to its columns, without {@link RowOnly}. */
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

/** RFC 6749 appendix A.1: printable ASCII. Anything else (PostgreSQL rejects NUL) is not looked up. */
export function isClientId(text: string): boolean {
  return /^[\x21-\x7e]{1,200}$/.test(text);
}

/** The distinct web origins of its redirect URIs. */
export function webOriginsOf({ redirectUris }: Client): string[] {
  const urls = redirectUris.map((uri) => new URL(uri));
  return [...new Set(urls.filter(isWeb).map(({ origin }) => origin))];
}

function isWeb(url: URL): boolean {
  return url.protocol === 'https:' || url.protocol === 'http:';
}

/** Its id and when it was used last, if it was. A registered client starts with the time of its registration, which is no use. */
export function lastUseOf({
  id,
  lastUsedAt,
  createdAt,
}: Pick<ClientEntity, 'id' | 'lastUsedAt' | 'createdAt'>): [string, EpochSeconds][] {
  return lastUsedAt === null || lastUsedAt === createdAt ? [] : [[id, epochSeconds(lastUsedAt)]];
}
