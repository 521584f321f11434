/**
 * The URL that the user's browser opens in a frame to notify a client that the session has ended.
 * @param frontchannelLogoutUri as registered by the client; its own query is kept
 * @param session omitted without `frontchannel_logout_session_required`
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
