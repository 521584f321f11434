/**
 * Where a person goes to begin a login at a client from here.
 * @param initiateLoginUri as the client registered it; its own query stays
 * @see OpenID Connect Core 4
 */
export function initiateLoginAddress(initiateLoginUri: string, issuer: string): string {
  const address = new URL(initiateLoginUri);
  address.searchParams.set('iss', issuer);
  return address.href;
}
