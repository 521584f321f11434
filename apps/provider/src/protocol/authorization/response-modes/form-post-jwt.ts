import { formPost } from './form-post.js';
import type { ResponseMode } from './response-mode.js';

/** A page whose form posts one JWT (JARM 2.3.3). */
export const formPostJwt: ResponseMode = {
  name: 'form_post.jwt',
  asJwt: true,
  reply: (...response) => formPost.reply(...response),
};
