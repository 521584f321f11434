import type { Client } from '@gatehouse/domain/oauth';
import { PageError } from '../web/page-error.js';
import { canAudit } from '../users/actor.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import type { ClientsService } from './clients.service.js';

/** More clients than these a developer's lists of grants and tokens do not gather at once. */
const maxOwnClients = 100;

/** An administrator edits every client, a developer those that they own. */
export function mayEdit(context: UserRequestContext, client: Client): boolean {
  return canAudit(context) || (context.user.roles.includes('developer') && client.ownerId === context.user.id);
}

/**
 * The client as the database has it now, for somebody who may edit it.
 * @throws PageError record.not_found, page.forbidden
 */
export async function getEditable(clients: ClientsService, context: UserRequestContext, id: string): Promise<Client> {
  const client = id.length <= 200 ? await clients.findFresh(id) : undefined;
  if (!client) throw new PageError('record.not_found');
  if (!mayEdit(context, client)) throw new PageError('page.forbidden');
  return client;
}

/** Whose clients a visitor sees: undefined means all. */
export async function visibleClientIds(
  clients: ClientsService,
  context: UserRequestContext,
): Promise<readonly string[] | undefined> {
  if (canAudit(context)) return undefined;
  const own = await clients.list({ ownerId: context.user.id, limit: maxOwnClients });
  return own.clients.map((client) => client.id);
}
