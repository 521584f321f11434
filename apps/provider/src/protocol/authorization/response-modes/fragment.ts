import { Reply } from '@gatehouse/platform/http/reply';
import type { ResponseMode } from './response-mode.js';

/** In the fragment, which never reaches the client's server; a registered redirect URI has none (RFC 6749 3.1.2). */
export const fragment: ResponseMode = {
  name: 'fragment',
  reply: (redirectUri, parameters, cookies) =>
    Reply.redirect(`${redirectUri}#${new URLSearchParams(parameters).toString()}`, { cookies }),
};
