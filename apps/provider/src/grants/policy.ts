import type { Client } from '@gatehouse/domain/oauth';
import type { Actor, UserActor } from '../operations/actor.js';
import { administratorsOnly, type PolicyDenial } from '../operations/policy.js';

/**
 * Administrators may revoke everything, developers the grants and tokens of their own clients. Needs no recent sign-in,
 * because it only removes access.
 * @param client the owner of the grants and tokens; undefined for any client
 */
export function mayRevoke(actor: Actor, client: Pick<Client, 'ownerId'> | undefined): PolicyDenial {
  if (isDeveloper(actor) && client?.ownerId === actor.userId) return undefined;
  return administratorsOnly(actor);
}

function isDeveloper(actor: Actor): actor is UserActor {
  return actor.kind === 'person' && actor.roles.includes('developer');
}
