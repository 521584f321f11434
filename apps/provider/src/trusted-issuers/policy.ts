import type { Actor } from '../operations/actor.js';
import { administratorsAfterRecentSignIn, type Denial } from '../operations/policy.js';

/** Needs a recent sign-in, because a trusted issuer authenticates users. */
export function mayManageIssuers(actor: Actor): Denial {
  return administratorsAfterRecentSignIn(actor);
}
