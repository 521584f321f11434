import { query } from './query.js';
import type { ResponseMode } from './response-mode.js';

/** In the query, as one JWT (JARM 2.3.1). */
export const queryJwt: ResponseMode = {
  name: 'query.jwt',
  asJwt: true,
  reply: (...response) => query.reply(...response),
};
