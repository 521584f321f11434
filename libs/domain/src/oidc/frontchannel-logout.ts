/**
 * What a person's browser opens in a frame to tell a client that their session is over.
 * @param frontchannelLogoutUri as the client registered it; its own query stays
 * @param session left out: the client does not want to know which (`frontchannel_logout_session_required`)
 * @see OpenID Connect Front-Channel Logout 1.0, 2 and 3
 */
export function frontchannelLogoutAddress(
  frontchannelLogoutUri: string,
  session: { readonly issuer: string; readonly sessionId: string } | undefined,
): string {
  const address = new URL(frontchannelLogoutUri);
  if (session) {
    address.searchParams.set('iss', session.issuer);
    address.searchParams.set('sid', session.sessionId);
  }
  return address.href;
}
