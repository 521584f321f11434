import {
  changesCredentials,
  isMaterialChange,
  ownerMayReplaceCredentials,
  type Client,
  type ClientEditor,
} from '@gatehouse/domain/oauth';
import type { Actor } from '../operations/actor.js';
import {
  administratorsAfterRecentSignIn,
  administratorsOnly,
  afterRecentSignIn,
  type PolicyDenial,
} from '../operations/policy.js';
import type { ClientDecision } from './client-states.service.js';

/** Administrators and developers add clients; whoever registers one, by protocol or by its document, adds that one. */
export function mayCreateClient(actor: Actor): PolicyDenial {
  switch (actor.kind) {
    case 'registrant':
      return actor.proof.kind === 'registration-access-token' ? 'forbidden' : undefined;
    case 'metadata-document':
      return undefined;
    case 'person':
      return actor.roles.includes('developer') ? undefined : administratorsOnly(actor);
    default:
      return administratorsOnly(actor);
  }
}

/**
 * Administrators manage every client, developers those that they own. A registration access token and a metadata document
 * are good for one client each, the token as long as nobody owns it.
 */
export function mayManageClient(actor: Actor, client: Pick<Client, 'id' | 'ownerId'>): PolicyDenial {
  switch (actor.kind) {
    case 'registrant':
      return actor.proof.kind === 'registration-access-token' &&
        actor.proof.clientId === client.id &&
        client.ownerId === undefined
        ? undefined
        : 'forbidden';
    case 'metadata-document':
      return actor.clientId === client.id ? undefined : 'forbidden';
    default:
      return isOwner(actor, client) ? undefined : administratorsOnly(actor);
  }
}

/** As whom an actor who may create or manage a client does so: what properties they may set. */
export function clientEditorOf(actor: Actor): ClientEditor {
  switch (actor.kind) {
    case 'registrant':
      return actor.proof.kind === 'initial-access-token' && actor.proof.approves ? 'approved_registrant' : 'registrant';
    case 'metadata-document':
    // Visitors may do neither; the fewest rights, should a rule above be missed.
    case 'visitor':
      return 'registrant';
    case 'person':
      return isAdministrator(actor) ? 'administrator' : 'owner';
    case 'client':
    case 'command-line':
      return 'administrator';
    case 'system':
      return 'server';
  }
}

/** A change needs a recent sign-in where it touches credentials or rights, or what people know the client by. */
export function mayUpdateClient(actor: Actor, before: Client, after: Client): PolicyDenial {
  return changesCredentials(after, before) || isMaterialChange(before, after)
    ? mayManageClientAfterSignIn(actor, before)
    : mayManageClient(actor, before);
}

/** Deleting a client, and the roles that people have in it. */
export function mayManageClientAfterSignIn(actor: Actor, client: Pick<Client, 'id' | 'ownerId'>): PolicyDenial {
  return mayManageClient(actor, client) ?? afterRecentSignIn(actor);
}

/** The owner of a client with a gatehouse scope would become an administrator by a secret of their own. */
export function mayReplaceSecret(actor: Actor, client: Pick<Client, 'id' | 'ownerId' | 'scope'>): PolicyDenial {
  if (isOwner(actor, client) && !isAdministrator(actor) && !ownerMayReplaceCredentials(client)) return 'forbidden';
  return mayManageClientAfterSignIn(actor, client);
}

/** What only takes rights away needs no recent sign-in, so that a client can be stopped without delay. */
export function maySetClientState(actor: Actor, decision: ClientDecision): PolicyDenial {
  const restricts = decision === 'restrict' || decision === 'disable';
  return restricts ? administratorsOnly(actor) : administratorsAfterRecentSignIn(actor);
}

function isOwner(actor: Actor, { ownerId }: Pick<Client, 'ownerId'>): boolean {
  return actor.kind === 'person' && actor.roles.includes('developer') && ownerId === actor.userId;
}

function isAdministrator(actor: Actor): boolean {
  return administratorsOnly(actor) === undefined;
}
