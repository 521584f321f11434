import { sha256 } from '../kernel/index.js';

/**
 * The `session_state` that a client passes to the check-session frame, which detects with it whether the session has changed.
 * @param of.redirectUri of the response; its origin is that of the page that will ask
 * @param of.browserState the random value in the browser's cookie
 * @param of.salt new for each response, base64url
 * @returns `hash.salt`; undefined where the redirect URI has no web origin (a private-use scheme)
 * @see OpenID Connect Session Management 2 and 3.2
 */
export function sessionState(of: {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly browserState: string;
  readonly salt: string;
}): string | undefined {
  const { protocol, origin } = new URL(of.redirectUri);
  if (protocol !== 'https:' && protocol !== 'http:') return undefined;
  const hash = sha256(`${of.clientId} ${origin} ${of.browserState} ${of.salt}`);
  return `${hash.toString('base64url')}.${of.salt}`;
}
