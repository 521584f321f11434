import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { ClientsService } from '../../clients/clients.service.js';
import type { Grant } from '../../grants/grant.js';
import { GrantsService } from '../../grants/grants.service.js';
import { RevokeAllGrants } from '../../grants/operations/revoke-all-grants.js';
import { text, type Message } from '../../i18n/message.js';
import { PageOperations } from '../../users/page-operations.service.js';
import type { UserRequestContext } from '../../users/sessions/request-context.js';
import { RequestContexts } from '../../users/sessions/request-contexts.service.js';
import { hubModel } from '../../users/user-hub.js';
import type { User } from '../../users/user.js';
import { PageError } from '../../web/page-error.js';
import { routes } from '../../web/routes.js';
import { UserPages } from './user-pages.service.js';

/** More grants would add no application to most pages; the list of grants has all of them. */
const maxGrants = 500;

/** The applications that have access to a user's account. */
@Controller(routes.userApplications)
export class UserApplicationsController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(UserPages) private readonly pages: UserPages,
  ) {}

  @Get(':id')
  async list(@Req() request: WebRequest): Promise<Reply> {
    const { context, user } = await this.pages.open(request);
    return this.show(context, user, {});
  }

  /** Revokes all grants of the user to one application (`client`). */
  @Post(':id')
  async revoke(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const { context, user } = await this.pages.open(request);
    if (refusal) return this.show(context, user, { status: 403, error: refusal.sentence });
    const clientId = form.text('client');
    if (clientId === '') throw new PageError('form.invalid');
    await this.operations.execute(RevokeAllGrants, { userId: user.id, clientId }, { context, form });
    return Reply.redirect(`${routes.userApplications}/${user.id}?done=revoked`, { cookies: context.cookies });
  }

  private async show(
    context: UserRequestContext,
    user: User,
    shown: { readonly status?: number; readonly error?: Message },
  ): Promise<Reply> {
    const { grants } = await this.grants.list({ userId: user.id, limit: maxGrants }, context.now);
    const clientIds = [...new Set(grants.map(({ clientId }) => clientId))];
    const names = await this.clients.names(clientIds);
    const isDone = shown.status === undefined && query(context.request).text('done') === 'revoked';
    return this.contexts.page(
      context,
      'users/applications',
      {
        ...hubModel(user, 'apps'),
        applications: clientIds.map((id) =>
          applicationOf(
            { id, name: names.get(id) ?? id },
            grants.filter(({ clientId }) => clientId === id),
          ),
        ),
        grantsHref: `${routes.grants}?user=${encodeURIComponent(user.id)}`,
        tokensHref: `${routes.tokens}?user=${encodeURIComponent(user.id)}`,
        error: shown.error,
        notice: isDone ? text('users.apps.revoked') : undefined,
      },
      { status: shown.status ?? 200 },
    );
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
