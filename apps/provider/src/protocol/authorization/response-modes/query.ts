import { Reply } from '@gatehouse/platform/http/reply';
import type { ResponseMode } from './response-mode.js';

/** RFC 6749 4.1.2: added to the query of the redirect URI; an existing query is preserved (3.1.2). */
export const query: ResponseMode = {
  name: 'query',
  reply: (redirectUri, parameters, cookies) => {
    const separator = !redirectUri.includes('?')
      ? '?'
      : redirectUri.endsWith('?') || redirectUri.endsWith('&')
        ? ''
        : '&';
    return Reply.redirect(`${redirectUri}${separator}${new URLSearchParams(parameters).toString()}`, { cookies });
  },
};
