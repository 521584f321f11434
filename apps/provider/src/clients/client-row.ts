import { epochSeconds } from '@gatehouse/domain/kernel';
import { metadataOf, plainMetadata, type Client, type ClientMetadata } from '@gatehouse/domain/oauth';
import type { ClientEntity } from './client.entity.js';

/** SQL: the client came by itself, and no administrator approved, disabled or limited it. */
export const undecided = 'approved_at IS NULL AND disabled_at IS NULL AND limited_at IS NULL';

/** The client that a row is. */
export function toClient(row: ClientEntity): Client {
  return {
    ...plainMetadata,
    // Written from a checked client, and by nobody else.
    ...(row.metadata as Partial<ClientMetadata>),
    id: row.id,
    name: row.name,
    type: row.type as Client['type'],
    applicationType: row.applicationType as Client['applicationType'],
    authMethod: row.authMethod as Client['authMethod'],
    redirectUris: row.redirectUris,
    defaultRedirectUri: row.defaultRedirectUri ?? undefined,
    postLogoutRedirectUris: row.postLogoutRedirectUris,
    grantTypes: row.grantTypes as Client['grantTypes'],
    responseTypes: row.responseTypes as Client['responseTypes'],
    scope: row.scope,
    defaultScope: row.defaultScope,
    idTokenSignedResponseAlg: row.idTokenSignedResponseAlg as Client['idTokenSignedResponseAlg'],
    pkceRequired: row.pkceRequired,
    consentRequired: row.consentRequired,
    secondFactorRequired: row.secondFactorRequired,
    actsForItself: row.actsForItself,
    tokenExchange: row.tokenExchange as unknown as Client['tokenExchange'],
    resourceServer: row.resourceServer,
    ownerId: row.ownerId ?? undefined,
    source: row.source as Client['source'],
    approvedAt: row.approvedAt === null ? undefined : epochSeconds(row.approvedAt),
    createdAt: epochSeconds(row.createdAt),
    limitedAt: row.limitedAt === null ? undefined : epochSeconds(row.limitedAt),
    disabledAt: row.disabledAt === null ? undefined : epochSeconds(row.disabledAt),
  };
}

/** What the row has beside the client: when and where from. */
type RowOnly =
  'createdAt' | 'updatedAt' | 'lastUsedAt' | 'registeredAddress' | 'registeredWith' | 'registrationTokenHash';

/** A client's row, without what the row has beside it. */
export function toRow(client: Client): Omit<ClientEntity, RowOnly> {
  return {
    metadata: { ...metadataOf(client) },
    id: client.id,
    name: client.name,
    type: client.type,
    applicationType: client.applicationType,
    authMethod: client.authMethod,
    redirectUris: [...client.redirectUris],
    defaultRedirectUri: client.defaultRedirectUri ?? null,
    postLogoutRedirectUris: [...client.postLogoutRedirectUris],
    grantTypes: [...client.grantTypes],
    responseTypes: [...client.responseTypes],
    scope: [...client.scope],
    defaultScope: [...client.defaultScope],
    idTokenSignedResponseAlg: client.idTokenSignedResponseAlg,
    pkceRequired: client.pkceRequired,
    consentRequired: client.consentRequired,
    secondFactorRequired: client.secondFactorRequired,
    actsForItself: client.actsForItself,
    tokenExchange: [...client.tokenExchange],
    resourceServer: client.resourceServer,
    ownerId: client.ownerId ?? null,
    source: client.source,
    approvedAt: client.approvedAt ?? null,
    limitedAt: client.limitedAt ?? null,
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
