import { needsRecentSignIn, type Resource, type ResourceDraft } from '@gatehouse/domain/oauth';
import type { Actor } from '../operations/actor.js';
import { administratorsAfterRecentSignIn, administratorsOnly, type Denial } from '../operations/policy.js';

/** Adding or deleting an API, or creating its credentials. */
export function mayManageResources(actor: Actor): Denial {
  return administratorsAfterRecentSignIn(actor);
}

/** A change that only restricts tokens of the API needs no recent sign-in. */
export function mayUpdateResource(actor: Actor, before: Resource, draft: ResourceDraft): Denial {
  return needsRecentSignIn(draft, before) ? administratorsAfterRecentSignIn(actor) : administratorsOnly(actor);
}
