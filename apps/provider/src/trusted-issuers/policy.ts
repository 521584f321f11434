import type { Actor } from '../operations/actor.js';
import { administratorsAfterRecentSignIn, type PolicyDenial } from '../operations/policy.js';

/** Needs a recent sign-in, because a trusted issuer authenticates users. */
export function mayManageIssuers(actor: Actor): PolicyDenial {
  return administratorsAfterRecentSignIn(actor);
}
