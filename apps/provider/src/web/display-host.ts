import { text, type Message } from '../i18n/message.js';

/** The part of a redirect URI that a user can judge: the host of a web address, or the private-use scheme, because anybody can
 * choose what follows it. */
export function displayHost(redirectUri: string): Message {
  const url = new URL(redirectUri);
  return url.protocol === 'https:' || url.protocol === 'http:'
    ? url.host
    : text('consent.appHost', { scheme: url.protocol.slice(0, -1) });
}
