import { text, type Message } from '../i18n/message.js';

/** What a person can judge: the host of a web address; of a private scheme the scheme, for what follows it is anybody's choice. */
export function shownHost(redirectUri: string): Message {
  const url = new URL(redirectUri);
  return url.protocol === 'https:' || url.protocol === 'http:'
    ? url.host
    : text('consent.appHost', { scheme: url.protocol.slice(0, -1) });
}
