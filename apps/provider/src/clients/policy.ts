import { ownerMayReplaceCredentials, type Client } from '@gatehouse/domain/oauth';
import type { Actor } from '../operations/actor.js';
import {
  administratorsAfterRecentSignIn,
  administratorsOnly,
  afterRecentSignIn,
  type Denial,
} from '../operations/policy.js';
import type { ClientDecision } from './client-states.service.js';

/** Administrators manage every client, developers those that they own. */
export function mayManageClient(actor: Actor, client: Pick<Client, 'ownerId'>): Denial {
  return isOwner(actor, client) ? undefined : administratorsOnly(actor);
}

/** Deleting a client, and the roles that people have in it. */
export function mayManageClientAfterSignIn(actor: Actor, client: Pick<Client, 'ownerId'>): Denial {
  return mayManageClient(actor, client) ?? afterRecentSignIn(actor);
}

/** The owner of a client with a gatehouse scope would become an administrator by a secret of their own. */
export function mayReplaceSecret(actor: Actor, client: Pick<Client, 'ownerId' | 'scope'>): Denial {
  if (isOwner(actor, client) && !isAdministrator(actor) && !ownerMayReplaceCredentials(client)) return 'forbidden';
  return mayManageClientAfterSignIn(actor, client);
}

/** What only takes rights away needs no recent sign-in, so that a client can be stopped without delay. */
export function maySetClientState(actor: Actor, decision: ClientDecision): Denial {
  const restricts = decision === 'limit' || decision === 'disable';
  return restricts ? administratorsOnly(actor) : administratorsAfterRecentSignIn(actor);
}

function isOwner(actor: Actor, { ownerId }: Pick<Client, 'ownerId'>): boolean {
  return actor.kind === 'person' && actor.roles.includes('developer') && ownerId === actor.userId;
}

function isAdministrator(actor: Actor): boolean {
  return administratorsOnly(actor) === undefined;
}
