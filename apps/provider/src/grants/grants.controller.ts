import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { Store } from '@gatehouse/server/database/store';
import { Form } from '@gatehouse/server/web/form';
import { PageForms } from '@gatehouse/server/web/page-forms';
import { Reply } from '@gatehouse/server/web/reply';
import { query, type WebRequest } from '@gatehouse/server/web/request';
import { AuditService } from '../audit/audit.service.js';
import { mayEdit } from '../clients/client-access.js';
import { ClientsService } from '../clients/clients.service.js';
import { PageError } from '../http/page-error.js';
import { routes } from '../http/routes.js';
import { actorOf, isAdmin } from '../users/actor.js';
import { UsersService } from '../users/users.service.js';
import type { UserVisit } from '../users/visit.js';
import { Visits } from '../users/visits.service.js';
import { GrantsService } from './grants.service.js';
import { filterModel, listVisible, parseSelector, readLiveFilter, type LiveFilter } from './live-list.js';

const pageSize = 25;

const notices: Readonly<Record<string, string>> = {
  revoked: 'The grant was revoked; its code and tokens ended with it.',
  'all-revoked': 'These grants were revoked; their tokens ended with them.',
};

/** The page of live grants: administrators see all, developers those of their own clients. */
@Controller(routes.grants)
export class GrantsController {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
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
      back(routes.grants, parameters, form.get('action') === 'revoke' ? 'revoked' : 'all-revoked'),
      {
        cookies: visit.cookies,
      },
    );
  }

  private async revokeOne(visit: UserVisit, form: Form): Promise<void> {
    const selector = parseSelector(form.get('selector'));
    const grant = selector === undefined ? undefined : await this.grants.findLive(selector, visit.now);
    // Gone already is what was wanted.
    if (!grant) return;
    const client = await this.clients.find(grant.clientId);
    if (!isAdmin(visit) && !(client && mayEdit(visit, client))) throw new PageError('page.forbidden');
    await this.store.run(async (unit) => {
      if (!(await this.grants.revoke(unit, grant.selector, visit.now))) return;
      await this.audit.record(unit, {
        type: 'grant.revoked',
        ...actorOf(visit),
        clientId: grant.clientId,
        subjectId: grant.userId,
        details: { grant: grant.selector },
      });
    });
  }

  private async revokeAll(visit: UserVisit, form: Form): Promise<void> {
    const filter = await readLiveFilter(this.clients, this.users, visit, form);
    const { user, client } = endable(filter, visit);
    await this.store.run(async (unit) => {
      const revoked =
        user && client
          ? await this.grants.revokeOfUserAndClient(unit, user.id, client.id, visit.now)
          : user
            ? await this.grants.revokeOfUser(unit, user.id, visit.now)
            : client
              ? await this.grants.revokeOfClient(unit, client.id, visit.now)
              : 0;
      await this.audit.record(unit, {
        type: 'grant.revoked',
        ...actorOf(visit),
        clientId: client?.id,
        subjectId: user?.id,
        details: { revoked },
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
        const { grants, more: others } = await this.grants.list(asked, visit.now);
        return { items: grants, more: others };
      },
      filter,
      { before, limit: pageSize },
    );
    const clientNames = await this.clients.names(items.map((grant) => grant.clientId));
    const usernames = await this.users.names(items.map((grant) => grant.userId));
    return this.visits.page(
      visit,
      'grants/list',
      {
        ...filterModel(filter, visit),
        grants: items.map((grant) => ({
          selector: grant.selector,
          clientId: grant.clientId,
          clientName: clientNames.get(grant.clientId) ?? grant.clientId,
          userId: grant.userId,
          username: usernames.get(grant.userId) ?? grant.userId,
          scope: grant.scope,
          createdAt: grant.createdAt,
          lastUsedAt: grant.lastUsedAt,
          expiresAt: grant.expiresAt,
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

/**
 * Whose live grants or tokens may be ended all at once.
 * @throws PageError when nothing is named, or more than this visitor may end
 */
export function endable(filter: LiveFilter, visit: UserVisit): Pick<LiveFilter, 'user' | 'client'> {
  if (filter.unknown !== undefined) throw new PageError('record.not_found');
  if (!filter.client && !filter.user) throw new PageError('form.invalid');
  if (!filter.client && !isAdmin(visit)) throw new PageError('page.forbidden');
  return filter;
}

/** The same list again, from its beginning. */
export function back(path: string, parameters: Form, done: string): string {
  const kept = new URLSearchParams();
  for (const name of ['user', 'client']) if (parameters.text(name) !== '') kept.set(name, parameters.text(name));
  kept.set('done', done);
  return `${path}?${kept.toString()}`;
}
