import { Inject, Injectable } from '@nestjs/common';
import type { Form } from '@gatehouse/platform/http/form';
import { mayEdit, visibleClientIds } from '../clients/client-access.js';
import { ClientsService } from '../clients/clients.service.js';
import { canAudit } from '../users/actor.js';
import type { User } from '../users/user.js';
import { UsersService } from '../users/users.service.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import { listVisible, type Listed, type GrantListFilter, type GrantListSource } from './grant-list.js';

/** What lists of live things ask clients and users: whom a filter names, who may end what, what things are called. */
@Injectable()
export class GrantListFilters {
  constructor(
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(UsersService) private readonly users: UsersService,
  ) {}

  /**
   * Reads `user` (a username or an id) and `client` (a `client_id`); a client that is not the visitor's is as if it were
   * not there, and so is, for a developer, a user who has nothing live at their clients: else anybody with one client
   * could find out who has an account here, and what the user of an id is called.
   */
  async read<T extends Listed>(
    context: UserRequestContext,
    form: Form,
    source: GrantListSource<T>,
  ): Promise<GrantListFilter> {
    const typed = { user: form.text('user').trim().slice(0, 200), client: form.text('client').trim().slice(0, 200) };
    const clientIds = await visibleClientIds(this.clients, context);
    const user = typed.user === '' ? undefined : await this.findVisible(typed.user, clientIds, source);
    const found = typed.client === '' ? undefined : await this.clients.find(typed.client);
    const client = found && mayEdit(context, found) ? found : undefined;
    const unknown =
      typed.user !== '' && !user
        ? canAudit(context)
          ? 'There is no user of this name.'
          : 'Nobody of this name has anything live at your clients.'
        : typed.client !== '' && !client
          ? 'There is no such client.'
          : undefined;
    // An id is for links; people read the username.
    return { user, client, clientIds, typed: { user: user?.username ?? typed.user, client: typed.client }, unknown };
  }

  /** What a list shows of every item. */
  async rows(items: readonly Listed[]): Promise<readonly object[]> {
    const clientNames = await this.clients.names(items.map((item) => item.clientId));
    const usernames = await this.users.names(items.flatMap((item) => item.userId ?? []));
    return items.map(({ selector, clientId, userId, scope }) => ({
      selector,
      clientId,
      clientName: clientNames.get(clientId) ?? clientId,
      userId,
      username: userId === undefined ? undefined : (usernames.get(userId) ?? userId),
      scope,
    }));
  }

  private async findVisible<T extends Listed>(
    named: string,
    clientIds: readonly string[] | undefined,
    source: GrantListSource<T>,
  ): Promise<User | undefined> {
    const user = (await this.users.find(named)) ?? (await this.users.findByUsername(named));
    if (!user || clientIds === undefined) return user;
    const seen = await listVisible(source, { user, client: undefined, clientIds }, { before: undefined, limit: 1 });
    return seen.items.length > 0 ? user : undefined;
  }
}
