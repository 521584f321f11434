import { formPost } from './form-post.js';
import { formPostJwt } from './form-post-jwt.js';
import { fragment } from './fragment.js';
import { fragmentJwt } from './fragment-jwt.js';
import { query } from './query.js';
import { queryJwt } from './query-jwt.js';
import type { ResponseMode } from './response-mode.js';

/** Every response mode; discovery lists them from here. */
export const responseModes: readonly ResponseMode[] = [query, fragment, formPost, queryJwt, fragmentJwt, formPostJwt];

export function responseMode(name: ResponseMode['name']): ResponseMode {
  const mode = responseModes.find((candidate) => candidate.name === name);
  if (!mode) throw new Error(`Unknown response mode: ${name}`);
  return mode;
}
