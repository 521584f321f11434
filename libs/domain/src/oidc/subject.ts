import { createHmac } from 'node:crypto';
import type { Client } from '../oauth/index.js';

/**
 * Whose clients see the same person under the same `sub`: the host of the sector identifier, else the host that all
 * redirect URIs share. A private scheme stands for itself, and a client without redirect URIs is a sector of its own.
 * @see OpenID Connect Core 8.1
 */
export function sectorOf(client: Pick<Client, 'id' | 'sectorIdentifierUri' | 'redirectUris'>): string {
  const uri = client.sectorIdentifierUri ?? client.redirectUris[0];
  if (uri === undefined) return client.id;
  const url = new URL(uri);
  return url.hostname === '' ? url.protocol : url.hostname;
}

/**
 * A person's `sub` in one sector: nobody without the salt can tell who it is, or that two of them are one person.
 * @param salt random bytes of this server, never told and never changed
 * @returns 43 characters of base64url
 * @see OpenID Connect Core 8.1
 */
export function pairwiseSubject(salt: Buffer, sector: string, userId: string): string {
  // The lengths make two different pairs two different texts.
  return createHmac('sha256', salt).update(`${sector.length}:${sector}:${userId}`).digest('base64url');
}
