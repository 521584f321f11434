import type { Client } from './client.js';
import { isLoopbackHost } from './redirect-uri.js';

/** What people judge a client by, and what decides where their data goes. */
export type ClientIdentity = Pick<
  Client,
  'name' | 'clientUri' | 'logoUri' | 'sectorIdentifierUri' | 'redirectUris' | 'applicationType'
>;

/**
 * True when people who allowed the client would have consented to a different client: another name, logo or website, another sector of
 * pairwise subjects, or a redirect host (of a private-use scheme: the scheme) that it did not have. A host that it gives up changes
 * nothing for them.
 * @see RFC 7592 2.2, RFC 7591 5 (a client that passes for another one)
 */
export function isMaterialChange(before: ClientIdentity, after: ClientIdentity): boolean {
  const places = placesOf(before);
  return (
    (['name', 'clientUri', 'logoUri', 'sectorIdentifierUri'] as const).some(
      (member) => (before[member] ?? '') !== (after[member] ?? ''),
    ) || placesOf(after).some((place) => !places.includes(place))
  );
}

/** The identity as text: equal for two clients exactly when people could not tell them apart. */
export function writeClientIdentity(client: ClientIdentity): string {
  const { name, clientUri = '', logoUri = '', sectorIdentifierUri = '' } = client;
  return JSON.stringify([name, clientUri, logoUri, sectorIdentifierUri, redirectPlaces(client)]);
}

/** The hosts (of a private-use scheme: the schemes) at which a client receives answers, each once, sorted. */
export function redirectPlaces(client: Pick<ClientIdentity, 'redirectUris' | 'applicationType'>): readonly string[] {
  return [...new Set(placesOf(client))].sort();
}

/** Where a client receives answers. */
function placesOf({
  redirectUris,
  applicationType,
}: Pick<ClientIdentity, 'redirectUris' | 'applicationType'>): string[] {
  return redirectUris.map((uri) => {
    const url = new URL(uri);
    // Below a private-use scheme the host is anybody's choice (RFC 8252 7.1); a native application takes any loopback port (7.3).
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return url.protocol;
    return applicationType === 'native' && isLoopbackHost(url.hostname) ? url.hostname : url.host;
  });
}
