import type { Client } from '@gatehouse/domain/oauth';
import { PageError } from '../web/page-error.js';
import { isAdmin } from '../users/actor.js';
import type { UserVisit } from '../users/sessions/visit.js';
import type { ClientsService } from './clients.service.js';

/** More clients than these a developer's lists of grants and tokens do not gather at once. */
const mostOwnClients = 100;

/** An administrator edits every client, a developer those that they own. */
export function mayEdit(visit: UserVisit, client: Client): boolean {
  return isAdmin(visit) || (visit.user.roles.includes('developer') && client.ownerId === visit.user.id);
}

/**
 * The client as the database has it now, for somebody who may edit it.
 * @throws PageError record.not_found, page.forbidden
 */
export async function getEditable(clients: ClientsService, visit: UserVisit, id: string): Promise<Client> {
  const client = id.length <= 200 ? await clients.findFresh(id) : undefined;
  if (!client) throw new PageError('record.not_found');
  if (!mayEdit(visit, client)) throw new PageError('page.forbidden');
  return client;
}

/** Whose clients a visitor sees: undefined means all. */
export async function visibleClientIds(
  clients: ClientsService,
  visit: UserVisit,
): Promise<readonly string[] | undefined> {
  if (isAdmin(visit)) return undefined;
  const own = await clients.list({ ownerId: visit.user.id, limit: mostOwnClients });
  return own.clients.map((client) => client.id);
}
