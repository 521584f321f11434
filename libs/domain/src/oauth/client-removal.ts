import type { Client } from './client.js';

/**
 * Why a client cannot be deleted; undefined when it can. A client with a metadata document is created by the next request
 * that names its `client_id`: deleted while it is disabled or limited, it would come back without that restriction.
 * @returns a sentence for administrators
 */
export function removalProblem(client: Pick<Client, 'source' | 'disabledAt' | 'limitedAt'>): string | undefined {
  if (client.source !== 'metadata_document') return undefined;
  if (client.disabledAt === undefined && client.limitedAt === undefined) return undefined;
  return 'This client has a metadata document: deleted, it would come back with its next request, and without its restriction. Keep it, or lift the restriction first.';
}
