import { Inject, Injectable } from '@nestjs/common';
import type { Form } from '@gatehouse/platform/http/form';
import { mayEdit, visibleClientIds } from '../clients/client-access.js';
import { ClientsService } from '../clients/clients.service.js';
import { text } from '../i18n/message.js';
import { canAudit } from '../users/actor.js';
import type { User } from '../users/user.js';
import { UsersService } from '../users/users.service.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import { listVisible, type GrantListItem, type GrantListFilter, type GrantListSource } from './grant-list.js';

/** Resolves the filters of lists of grants and tokens, and the names of clients and users in them. */
@Injectable()
export class GrantListFilters {
  constructor(
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(UsersService) private readonly users: UsersService,
  ) {}

  /**
   * Reads `user` (a username or an id) and `client` (a `client_id`). A client that the user may not edit is treated as unknown,
   * and so is, for a developer, a user without active grants or tokens at the developer's clients: otherwise any developer
   * could find out who has an account, and the username for an id.
   */
  async read<T extends GrantListItem>(
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
          ? text('grants.unknownUser')
          : text('grants.unknownUserHere')
        : typed.client !== '' && !client
          ? text('grants.unknownClient')
          : undefined;
    // Ids are for links; the page shows the username.
    return { user, client, clientIds, typed: { user: user?.username ?? typed.user, client: typed.client }, unknown };
  }

  /** The columns that all lists have in common. */
  async rows(items: readonly GrantListItem[]): Promise<readonly object[]> {
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

  private async findVisible<T extends GrantListItem>(
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
