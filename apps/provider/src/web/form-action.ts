/**
 * Schemes that a form may lead to when its answer redirects to this address (Content-Security-Policy form-action).
 * Chromium applies the policy to every later redirect too, and a client may redirect on from http on loopback to https
 * or the other way.
 */
export function schemesOf(redirectUri: string): string[] {
  const scheme = new URL(redirectUri).protocol;
  return scheme === 'http:' || scheme === 'https:' ? ['http:', 'https:'] : [scheme];
}
