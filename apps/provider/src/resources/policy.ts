import { needsRecentSignIn, type Resource, type ResourceDraft } from '@gatehouse/domain/oauth';
import type { Actor } from '../operations/actor.js';
import { administratorsAfterRecentSignIn, administratorsOnly, type PolicyDenial } from '../operations/policy.js';

/** Adding or deleting an API, or creating its credentials. */
export function mayManageResources(actor: Actor): PolicyDenial {
  return administratorsAfterRecentSignIn(actor);
}

/** A change that only restricts tokens of the API needs no recent sign-in. */
export function mayUpdateResource(actor: Actor, before: Resource, draft: ResourceDraft): PolicyDenial {
  return needsRecentSignIn(draft, before) ? administratorsAfterRecentSignIn(actor) : administratorsOnly(actor);
}
