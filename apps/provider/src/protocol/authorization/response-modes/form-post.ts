import { Reply } from '@gatehouse/platform/http/reply';
import type { ResponseMode } from './response-mode.js';

/** OAuth 2.0 Form Post Response Mode: a page whose form submits itself to the redirect URI. */
export const formPost: ResponseMode = {
  name: 'form_post',
  reply: (redirectUri, parameters, cookies) => Reply.formPost(redirectUri, parameters, cookies),
};
