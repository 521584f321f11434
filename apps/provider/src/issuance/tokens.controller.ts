import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { Store } from '@gatehouse/server/database/store';
import type { Form } from '@gatehouse/server/web/form';
import { PageForms } from '@gatehouse/server/web/page-forms';
import { Reply } from '@gatehouse/server/web/reply';
import { query, type WebRequest } from '@gatehouse/server/web/request';
import { AuditService } from '../audit/audit.service.js';
import { mayEdit } from '../clients/client-access.js';
import { ClientsService } from '../clients/clients.service.js';
import { back, endable } from '../grants/grants.controller.js';
import { GrantsService } from '../grants/grants.service.js';
import { filterModel, listVisible, parseSelector, readLiveFilter } from '../grants/live-list.js';
import { PageError } from '../http/page-error.js';
import { routes } from '../http/routes.js';
import { actorOf, isAdmin } from '../users/actor.js';
import { UsersService } from '../users/users.service.js';
import type { UserVisit } from '../users/visit.js';
import { Visits } from '../users/visits.service.js';
import { AccessTokensService } from './access-tokens.service.js';

const pageSize = 25;

const notices: Readonly<Record<string, string>> = {
  revoked: 'The token was revoked.',
  'all-revoked': 'These tokens were revoked, and the grants that could have renewed them.',
};

/** The page of live access tokens: administrators see all, developers those of their own clients. Never a token's value. */
@Controller(routes.tokens)
export class TokensController {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(AccessTokensService) private readonly tokens: AccessTokensService,
    @Inject(GrantsService) private readonly grants: GrantsService,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  @Get()
  async list(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.openFor(request);
    const parameters = query(request);
    return this.show(visit, parameters, { notice: notices[parameters.text('done')] });
  }

  /** `action=revoke` with a selector, or `action=revoke-all` of the user and client that the list is narrowed to. */
  @Post()
  async act(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.openFor(request);
    const parameters = query(request);
    if (refusal) return this.show(visit, parameters, { status: 403, error: refusal.sentence });
    if (form.get('action') === 'revoke') await this.revokeOne(visit, form);
    else if (form.get('action') === 'revoke-all') await this.revokeAll(visit, form);
    else throw new PageError('form.invalid');
    return Reply.redirect(
      back(routes.tokens, parameters, form.get('action') === 'revoke' ? 'revoked' : 'all-revoked'),
      {
        cookies: visit.cookies,
      },
    );
  }

  private async revokeOne(visit: UserVisit, form: Form): Promise<void> {
    const selector = parseSelector(form.get('selector'));
    const token = selector === undefined ? undefined : await this.tokens.findBySelector(selector, visit.now);
    // Gone already is what was wanted.
    if (!token) return;
    const client = await this.clients.find(token.clientId);
    if (!isAdmin(visit) && !(client && mayEdit(visit, client))) throw new PageError('page.forbidden');
    await this.store.run(async (unit) => {
      if (!(await this.tokens.revokeBySelector(unit, token.selector, visit.now))) return;
      await this.audit.record(unit, {
        type: 'token.revoked',
        ...actorOf(visit),
        clientId: token.clientId,
        subjectId: token.userId,
      });
    });
  }

  /** The grants go too: a refresh token would bring a new access token at once. */
  private async revokeAll(visit: UserVisit, form: Form): Promise<void> {
    const { user, client } = endable(await readLiveFilter(this.clients, this.users, visit, form), visit);
    await this.store.run(async (unit) => {
      if (user && client) await this.grants.revokeOfUserAndClient(unit, user.id, client.id, visit.now);
      else if (user) await this.grants.revokeOfUser(unit, user.id, visit.now);
      else if (client) {
        await this.grants.revokeOfClient(unit, client.id, visit.now);
        await this.tokens.revokeOfClient(unit, client.id, visit.now);
      }
      await this.audit.record(unit, {
        type: 'token.revoked',
        ...actorOf(visit),
        clientId: client?.id,
        subjectId: user?.id,
        details: { all: true },
      });
    });
  }

  private async show(
    visit: UserVisit,
    parameters: Form,
    shown: { readonly status?: number; readonly error?: string; readonly notice?: string | undefined },
  ): Promise<Reply> {
    const filter = await readLiveFilter(this.clients, this.users, visit, parameters);
    const before = parseSelector(parameters.get('before'));
    const { items, more } = await listVisible(
      async (asked) => {
        const { tokens, more: others } = await this.tokens.list(asked, visit.now);
        return { items: tokens, more: others };
      },
      filter,
      { before, limit: pageSize },
    );
    const clientNames = await this.clients.names(items.map((token) => token.clientId));
    const usernames = await this.users.names(items.flatMap((token) => token.userId ?? []));
    return this.visits.page(
      visit,
      'issuance/tokens',
      {
        ...filterModel(filter, visit),
        tokens: items.map((token) => ({
          selector: token.selector,
          clientId: token.clientId,
          clientName: clientNames.get(token.clientId) ?? token.clientId,
          userId: token.userId,
          username: token.userId === undefined ? undefined : (usernames.get(token.userId) ?? token.userId),
          scope: token.scope,
          issuedAt: token.issuedAt,
          expiresAt: token.expiresAt,
          lastUsedAt: token.lastUsedAt,
        })),
        isFirst: before === undefined,
        next: more ? items.at(-1)?.selector : undefined,
        ...shown,
      },
      { status: shown.status ?? 200 },
    );
  }

  private async openFor(request: WebRequest): Promise<UserVisit> {
    const visit = await this.visits.requireUser(request);
    this.visits.requireRole(visit, 'admin', 'developer');
    return visit;
  }
}
