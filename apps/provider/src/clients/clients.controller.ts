import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import type { Client } from '@gatehouse/domain/oauth';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { text, type Message, type Text } from '../i18n/message.js';
import { canAudit } from '../users/actor.js';
import { PageOperations } from '../users/page-operations.service.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { UsersService } from '../users/users.service.js';
import { formatCursor, parseCursor } from '../web/cursor.js';
import { problemModel } from '../web/form-errors.js';
import { revisionOf } from '../web/revision.js';
import { noticeModel } from '../web/notice.js';
import { routes } from '../web/routes.js';
import { readClientFilter } from './client-list-filter.js';
import { clientListModel, clientRow } from './client-list-page.js';
import { ClientLogos } from './client-logos.service.js';
import { addressOfClient, ClientPages, secretOverlaps } from './client-pages.service.js';
import { ClientReviews } from './client-reviews.service.js';
import { clientCursorShape } from './client-sort-orders.js';
import { ClientsService } from './clients.service.js';
import { DeleteClient } from './operations/delete-client.js';
import { RotateClientSecret } from './operations/rotate-client-secret.js';

const pageSize = 25;

const notices: Readonly<Record<string, Text>> = {
  deleted: text('clients.notice.deleted'),
  changed: text('clients.notice.changedAll'),
  none: text('clients.notice.none'),
  'some-outdated': text('clients.notice.someOutdated'),
  refused: text('clients.notice.refused'),
};

/** The list of applications, and the pages that delete one or rotate its secret. Administrators see all, developers their own. */
@Controller(routes.clients)
// eslint-disable-next-line local/max-injected-dependencies -- a row shows owner, logo and review, each from its own service
export class ClientsController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(ClientLogos) private readonly logos: ClientLogos,
    @Inject(ClientReviews) private readonly reviews: ClientReviews,
    @Inject(ClientPages) private readonly pages: ClientPages,
  ) {}

  @Get()
  async list(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireEditor(request);
    const parameters = query(request);
    const filter = readClientFilter(parameters);
    const { search, state, order } = filter;
    const after = parseCursor(parameters.text('after'), clientCursorShape(order));
    const { clients, lastUses, next } = await this.clients.list({
      ownerId: canAudit(context) ? undefined : context.user.id,
      search: search || undefined,
      state,
      order,
      after,
      limit: pageSize,
    });
    const owners = await this.users.names(clients.flatMap((client) => client.ownerId ?? []));
    const rows = clients.map((client) =>
      clientRow(client, {
        owner: client.ownerId === undefined ? undefined : owners.get(client.ownerId),
        logo: this.logos.addressOf(client),
        lastUsedAt: lastUses.get(client.id),
      }),
    );
    return this.contexts.page(context, 'clients/list', {
      ...clientListModel(
        filter,
        { isFirst: after === undefined, next: next && formatCursor(next) },
        canAudit(context) ? clients.map((client) => ({ id: client.id, revision: revisionOf(client) })) : undefined,
      ),
      clients: rows,
      reviews: state === 'new' && canAudit(context) ? await this.reviews.rows(clients, rows) : undefined,
      ...noticeModel(notices, parameters.text('done')),
    });
  }

  @Get('delete/:id')
  async removeForm(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireEditor(request);
    return this.showRemoval(context, await this.getClient(context, request), '');
  }

  @Post('delete/:id')
  async remove(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireEditor(request);
    const client = await this.getClient(context, request);
    const typed = form.text('name').trim();
    if (refusal) return this.showRemoval(context, client, typed, { status: 403, error: text(refusal.id) });
    if (typed !== client.name)
      return this.showRemoval(context, client, typed, { status: 422, problem: text('clients.problem.confirm') });
    const outcome = await this.operations.execute(DeleteClient, { id: client.id }, { context, form });
    if ('refusal' in outcome) return this.showRemoval(context, client, typed, outcome.refusal);
    return Reply.redirect(`${routes.clients}?done=deleted`, { cookies: context.cookies });
  }

  /** The target of the redirect after a required sign-in. */
  @Get('secret/:id')
  async secretForm(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.requireEditor(request);
    const client = await this.getClient(context, request);
    return Reply.redirect(`${addressOfClient(client.id)}#secret`, { cookies: context.cookies });
  }

  @Post('secret/:id')
  async rotateSecret(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireEditor(request);
    const client = await this.getClient(context, request);
    const overlap = secretOverlaps.find(({ seconds }) => String(seconds) === form.get('overlap'));
    if (refusal) return this.pages.show(context, client, 'overview', { status: 403, error: text(refusal.id) });
    if (!overlap)
      return this.pages.show(context, client, 'overview', { status: 422, error: text('clients.problem.overlap') });
    const input = { id: client.id, overlapSeconds: overlap.seconds };
    const rotated = await this.operations.execute(RotateClientSecret, input, { context, form });
    if ('refusal' in rotated) return this.pages.show(context, client, 'overview', rotated.refusal);
    return this.pages.showSecret(context, client, rotated.result, overlap.done);
  }

  private showRemoval(
    context: UserRequestContext,
    client: Client,
    typed: string,
    view: { readonly status?: number; readonly error?: Message; readonly problem?: Message } = {},
  ): Reply {
    return this.contexts.page(
      context,
      'clients/delete',
      {
        client: { id: client.id, name: client.name },
        cancel: addressOfClient(client.id, 'danger'),
        typed,
        ...problemModel(view.problem === undefined ? [] : [{ field: 'name', message: view.problem }]),
        error: view.error,
      },
      { status: view.status ?? 200 },
    );
  }

  private async requireEditor(request: WebRequest): Promise<UserRequestContext> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin', 'developer');
    return context;
  }

  private getClient(context: UserRequestContext, request: WebRequest): Promise<Client> {
    return this.pages.open(context, request.params['id']);
  }
}
