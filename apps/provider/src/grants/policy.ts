import type { Client } from '@gatehouse/domain/oauth';
import type { Actor, UserActor } from '../operations/actor.js';
import { administratorsOnly, type Denial } from '../operations/policy.js';

/**
 * Administrators revoke everything, developers what their own clients have. It takes access away and gives none: no recent
 * sign-in is needed.
 * @param client whose grants and tokens they are; undefined: those of any client
 */
export function mayRevoke(actor: Actor, client: Pick<Client, 'ownerId'> | undefined): Denial {
  if (isDeveloper(actor) && client?.ownerId === actor.userId) return undefined;
  return administratorsOnly(actor);
}

function isDeveloper(actor: Actor): actor is UserActor {
  return actor.kind === 'person' && actor.roles.includes('developer');
}
