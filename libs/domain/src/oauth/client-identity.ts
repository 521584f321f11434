import type { Client } from './client.js';
import { isLoopbackHost } from './redirect-uri.js';

/** What users judge a client by, and what decides where their data is sent. */
export type ClientIdentity = Pick<
  Client,
  'name' | 'clientUri' | 'logoUri' | 'sectorIdentifierUri' | 'redirectUris' | 'applicationType'
>;

/**
 * True when a change would make the client a different one for users who gave consent: another name, logo or website, another
 * sector of pairwise subjects, or a new redirect host (of a private-use scheme: scheme). Removing a host is not material.
 * @see RFC 7592 2.2, RFC 7591 5 (a client that impersonates another one)
 */
export function isMaterialChange(before: ClientIdentity, after: ClientIdentity): boolean {
  const places = placesOf(before);
  return (
    (['name', 'clientUri', 'logoUri', 'sectorIdentifierUri'] as const).some(
      (member) => (before[member] ?? '') !== (after[member] ?? ''),
    ) || placesOf(after).some((place) => !places.includes(place))
  );
}

/** The identity as text: equal for two clients exactly when users cannot tell them apart. */
export function writeClientIdentity(client: ClientIdentity): string {
  const { name, clientUri = '', logoUri = '', sectorIdentifierUri = '' } = client;
  return JSON.stringify([name, clientUri, logoUri, sectorIdentifierUri, redirectPlaces(client)]);
}

/** The hosts (of a private-use scheme: the schemes) to which responses are sent, unique and sorted. */
export function redirectPlaces(client: Pick<ClientIdentity, 'redirectUris' | 'applicationType'>): readonly string[] {
  return [...new Set(placesOf(client))].sort();
}

/** Where a redirect URI sends responses. */
function placesOf({
  redirectUris,
  applicationType,
}: Pick<ClientIdentity, 'redirectUris' | 'applicationType'>): string[] {
  return redirectUris.map((uri) => {
    const url = new URL(uri);
    // The host of a private-use scheme is arbitrary (RFC 8252 7.1); a native application may use any loopback port (7.3).
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return url.protocol;
    return applicationType === 'native' && isLoopbackHost(url.hostname) ? url.hostname : url.host;
  });
}
