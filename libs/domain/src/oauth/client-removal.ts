import type { Client } from './client.js';

/**
 * Why a client cannot be deleted; undefined if it can. A client with a metadata document is created again by the next request
 * with its `client_id`: if it were deleted while disabled or restricted, it would come back without that restriction.
 * @returns a message for administrators
 */
export function removalProblem(client: Pick<Client, 'source' | 'disabledAt' | 'restrictedAt'>): string | undefined {
  if (client.source !== 'metadata_document') return undefined;
  if (client.disabledAt === undefined && client.restrictedAt === undefined) return undefined;
  return 'This client has a metadata document: deleted, it would come back with its next request, and without its restriction. Keep it, or lift the restriction first.';
}
