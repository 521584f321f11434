import { sha256 } from '../kernel/index.js';

/**
 * What a client gives to our check-session frame, which tells by it whether the login of this browser has changed.
 * @param of.redirectUri the answer's own; its origin is that of the page that will ask
 * @param of.browserState the random value in the browser's cookie
 * @param of.salt fresh for each answer, base64url
 * @returns `hash.salt`; undefined where the redirect URI has no web origin (an application's own scheme): no page could ask
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
