import { text, type Sentence } from '../i18n/text.js';

/** What a person can judge: the host of a web address; of a private scheme the scheme, for what follows it is anybody's choice. */
export function shownHost(redirectUri: string): Sentence {
  const url = new URL(redirectUri);
  return url.protocol === 'https:' || url.protocol === 'http:'
    ? url.host
    : text('consent.appHost', { scheme: url.protocol.slice(0, -1) });
}
