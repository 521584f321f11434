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

/** Administrators and developers may add clients; so may registrants and metadata documents. */
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
 * are valid for one client each, the token only while the client has no owner.
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

/** The editor role of an actor, which decides the client properties that they may set. */
export function clientEditorOf(actor: Actor): ClientEditor {
  switch (actor.kind) {
    case 'registrant':
      return actor.proof.kind === 'initial-access-token' && actor.proof.approves ? 'approved_registrant' : 'registrant';
    case 'metadata-document':
    // Visitors may neither create nor manage clients: the fewest rights, in case a check is missing.
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

/** A change of credentials, rights or the identity that users know the client by requires a recent sign-in. */
export function mayUpdateClient(actor: Actor, before: Client, after: Client): PolicyDenial {
  return changesCredentials(after, before) || isMaterialChange(before, after)
    ? mayManageClientAfterSignIn(actor, before)
    : mayManageClient(actor, before);
}

/** For deleting a client, and for setting the roles of users in it. */
export function mayManageClientAfterSignIn(actor: Actor, client: Pick<Client, 'id' | 'ownerId'>): PolicyDenial {
  return mayManageClient(actor, client) ?? afterRecentSignIn(actor);
}

/** With the secret of a client with a gatehouse scope, its owner would gain administrator rights. */
export function mayReplaceSecret(actor: Actor, client: Pick<Client, 'id' | 'ownerId' | 'scope'>): PolicyDenial {
  if (isOwner(actor, client) && !isAdministrator(actor) && !ownerMayReplaceCredentials(client)) return 'forbidden';
  return mayManageClientAfterSignIn(actor, client);
}

/** Restricting or disabling requires no recent sign-in, so that a client can be stopped without delay. */
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
