import type { Actor } from '../operations/actor.js';
import { administratorsAfterRecentSignIn, type Denial } from '../operations/policy.js';

/** A trusted issuer says who people are. */
export function mayManageIssuers(actor: Actor): Denial {
  return administratorsAfterRecentSignIn(actor);
}
