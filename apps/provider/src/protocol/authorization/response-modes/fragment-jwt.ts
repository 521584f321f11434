import { fragment } from './fragment.js';
import type { ResponseMode } from './response-mode.js';

/** In the fragment, as one JWT (JARM 2.3.2). */
export const fragmentJwt: ResponseMode = {
  name: 'fragment.jwt',
  asJwt: true,
  reply: (...response) => fragment.reply(...response),
};
