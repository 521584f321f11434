import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { ClientsService } from '../../clients/clients.service.js';
import type { Grant } from '../../grants/grant.js';
import { GrantsService } from '../../grants/grants.service.js';
import { RevokeAllGrants } from '../../grants/operations/revoke-all-grants.js';
import { text } from '../../i18n/message.js';
import { PageOperations } from '../../users/page-operations.service.js';
import { PageError } from '../../web/page-error.js';
import { routes } from '../../web/routes.js';
import { UserPages, type OpenedUser, type RejectedForm, type UserTab } from './user-pages.service.js';

/** More grants would add no application to most pages; the list of grants has all of them. */
const maxGrants = 500;

const applicationsTab: UserTab = {
  view: 'users/applications',
  tab: 'apps',
  notices: { revoked: text('users.apps.revoked') },
};

/** The applications that have access to a user's account. */
@Controller(routes.userApplications)
export class UserApplicationsController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(UserPages) private readonly pages: UserPages,
  ) {}

  @Get(':id')
  async list(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.pages.open(request));
  }

  /** Revokes all grants of the user to one application (`client`). */
  @Post(':id')
  async revoke(@Req() request: WebRequest): Promise<Reply> {
    const { opened, form, rejected } = await this.pages.read(request);
    if (rejected) return this.show(opened, rejected);
    const { context, user } = opened;
    const clientId = form.text('client');
    if (clientId === '') throw new PageError('form.invalid');
    await this.operations.execute(RevokeAllGrants, { userId: user.id, clientId }, { context, form });
    return Reply.redirect(`${routes.userApplications}/${user.id}?done=revoked`, { cookies: context.cookies });
  }

  private async show(opened: OpenedUser, rejected?: RejectedForm): Promise<Reply> {
    const { context, user } = opened;
    const { grants } = await this.grants.list({ userId: user.id, limit: maxGrants }, context.now);
    const clientIds = [...new Set(grants.map(({ clientId }) => clientId))];
    const names = await this.clients.names(clientIds);
    const applications = clientIds.map((id) =>
      applicationOf(
        { id, name: names.get(id) ?? id },
        grants.filter(({ clientId }) => clientId === id),
      ),
    );
    const grantsHref = `${routes.grants}?user=${encodeURIComponent(user.id)}`;
    const tokensHref = `${routes.tokens}?user=${encodeURIComponent(user.id)}`;
    return this.pages.show(opened, applicationsTab, { applications, grantsHref, tokensHref }, rejected);
  }
}

function applicationOf(client: { readonly id: string; readonly name: string }, grants: readonly Grant[]): object {
  const scopes = new Set(grants.flatMap(({ scope }) => [...scope]));
  return {
    clientId: client.id,
    name: client.name,
    href: `${routes.clients}/update/${encodeURIComponent(client.id)}`,
    scopes: [...scopes].sort(),
    isOffline: grants.some(({ offline }) => offline),
    lastUsedAt: Math.max(...grants.map(({ lastUsedAt }) => lastUsedAt)),
  };
}
