import type { Client } from '@gatehouse/domain/oauth';
import { PageError } from '../web/page-error.js';
import { canAudit } from '../users/actor.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import type { ClientsService } from './clients.service.js';

/** A developer's lists of grants and tokens cover at most this many clients. */
const maxOwnClients = 100;

/** Administrators and auditors open every client, developers the ones that they own. */
export function mayEdit(context: UserRequestContext, client: Client): boolean {
  return canAudit(context) || (context.user.roles.includes('developer') && client.ownerId === context.user.id);
}

/**
 * The client as stored, bypassing the cache, for a user who may edit it.
 * @throws PageError record.not_found, page.forbidden
 */
export async function getEditable(clients: ClientsService, context: UserRequestContext, id: string): Promise<Client> {
  const client = id.length <= 200 ? await clients.findFresh(id) : undefined;
  if (!client) throw new PageError('record.not_found');
  if (!mayEdit(context, client)) throw new PageError('page.forbidden');
  return client;
}

/** The clients that the user may see; undefined means all. */
export async function visibleClientIds(
  clients: ClientsService,
  context: UserRequestContext,
): Promise<readonly string[] | undefined> {
  if (canAudit(context)) return undefined;
  const own = await clients.list({ ownerId: context.user.id, limit: maxOwnClients });
  return own.clients.map((client) => client.id);
}
