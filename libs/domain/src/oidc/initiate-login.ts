/**
 * The URL for initiating a login at a client.
 * @param initiateLoginUri as registered by the client; its own query is kept
 * @see OpenID Connect Core 4
 */
export function initiateLoginAddress(initiateLoginUri: string, issuer: string): string {
  const address = new URL(initiateLoginUri);
  address.searchParams.set('iss', issuer);
  return address.href;
}
