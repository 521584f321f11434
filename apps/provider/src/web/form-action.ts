/**
 * The schemes that `form-action` of the Content-Security-Policy must allow if the response redirects to this address.
 * Chromium applies the policy to subsequent redirects, too, and a client may redirect from http on loopback to https
 * or vice versa.
 */
export function schemesOf(redirectUri: string): string[] {
  const scheme = new URL(redirectUri).protocol;
  return scheme === 'http:' || scheme === 'https:' ? ['http:', 'https:'] : [scheme];
}
