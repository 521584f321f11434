import { createHmac } from 'node:crypto';
import { isLoopbackHost, type Client, type GrantTypeName } from '../oauth/index.js';

/** Grant types whose responses are sent to a redirect URI, or follow from one that was; client credentials involve no user. */
const redirectedGrants: readonly GrantTypeName[] = [
  'authorization_code',
  'implicit',
  'refresh_token',
  'client_credentials',
];

type SectorMembers = Pick<
  Client,
  'id' | 'source' | 'sectorIdentifierUri' | 'redirectUris' | 'grantTypes' | 'backchannelLogoutUri'
>;

/**
 * The sector of a client, within which a user has the same `sub`: the host of the sector identifier, or the host that all
 * redirect URIs share. A client without redirect URIs is a sector of its own.
 *
 * Anybody can register another site's redirect URIs, which is harmless only as long as every `sub` is sent there. So a client
 * that no administrator created is a sector of its own if it can learn a `sub` in another way.
 * @see OpenID Connect Core 8.1
 */
export function sectorOf(client: SectorMembers): string {
  if (client.source !== 'admin' && !isVouchedByRedirects(client)) return client.id;
  const uri = client.sectorIdentifierUri ?? client.redirectUris[0];
  if (uri === undefined) return client.id;
  const url = new URL(uri);
  return url.hostname === '' ? url.protocol : url.hostname;
}

/** True where the client learns each `sub` at its redirect URIs: no grant and no logout token bypasses them. */
function isVouchedByRedirects(client: SectorMembers): boolean {
  const { redirectUris, grantTypes, backchannelLogoutUri } = client;
  if (redirectUris.length === 0 || !grantTypes.every((each) => redirectedGrants.includes(each))) return false;
  // RFC 8252 8.6: on the user's device any application may receive what is sent to these.
  if (!redirectUris.every(isOnWeb)) return false;
  if (backchannelLogoutUri === undefined) return true;
  const { hostname } = new URL(backchannelLogoutUri);
  return redirectUris.some((uri) => new URL(uri).hostname === hostname);
}

function isOnWeb(uri: string): boolean {
  const { protocol, hostname } = new URL(uri);
  return protocol === 'https:' && !isLoopbackHost(hostname);
}

/**
 * True when a change gives a client other pairwise subjects, so that its tokens must end: with a token of its old sector it would
 * learn the subjects of the new one. Administrators may move a client to another sector.
 */
export function changesSubjects(
  before: SectorMembers & Pick<Client, 'subjectType'>,
  after: SectorMembers & Pick<Client, 'subjectType'>,
): boolean {
  if (after.source === 'admin' || after.subjectType !== 'pairwise') return false;
  return before.subjectType !== 'pairwise' || sectorOf(before) !== sectorOf(after);
}

/**
 * A user's pairwise `sub` in a sector: without the salt it cannot be linked to the user or to other sectors.
 * @param salt random bytes of this server, secret and constant
 * @returns 43 characters of base64url
 * @see OpenID Connect Core 8.1
 */
export function pairwiseSubject(salt: Buffer, sector: string, userId: string): string {
  // The length prefix makes the encoding of the pair unambiguous.
  return createHmac('sha256', salt).update(`${sector.length}:${sector}:${userId}`).digest('base64url');
}
