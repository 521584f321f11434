import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds, Selector } from '@gatehouse/domain/kernel';
import { Store, type Unit } from '@gatehouse/server/database/store';
import type { Form } from '@gatehouse/server/web/form';
import { PageForms } from '@gatehouse/server/web/page-forms';
import { Reply } from '@gatehouse/server/web/reply';
import { query, type WebRequest } from '@gatehouse/server/web/request';
import { AuditService, type AuditEvent } from '../audit/audit.service.js';
import { readOrder } from '../database/list-order.js';
import { PageError } from '../http/page-error.js';
import { actorOf } from '../users/actor.js';
import type { UserVisit } from '../users/visit.js';
import { Visits } from '../users/visits.service.js';
import { LiveFilters } from './live-filters.service.js';
import {
  back,
  endable,
  filterModel,
  listVisible,
  parseSelector,
  type Ended,
  type Listed,
  type LiveQuery,
} from './live-list.js';

const pageSize = 25;
/** Of the chosen ones; a page shows fewer. */
const mostAtOnce = 200;

type Details = NonNullable<AuditEvent['details']>;

/** What grants and tokens differ in. */
export interface LiveKind<T extends Listed> {
  readonly path: string;
  readonly view: string;
  /** What the view calls the items. */
  readonly name: 'grants' | 'tokens';
  readonly event: 'grant.revoked' | 'token.revoked';
  readonly notices: Readonly<Record<string, string>>;
  list(query: LiveQuery, now: EpochSeconds): Promise<{ readonly items: readonly T[]; readonly more: boolean }>;
  find(selector: Selector, now: EpochSeconds): Promise<T | undefined>;
  /** The columns that only this list has. */
  columns(item: T): object;
  /** What the audit log keeps of it; undefined when it was gone already. */
  revoke(unit: Unit, item: T, now: EpochSeconds): Promise<Details | undefined>;
  revokeAll(unit: Unit, whose: Ended, now: EpochSeconds): Promise<Details>;
}

interface Shown {
  readonly status?: number;
  readonly error?: string;
  readonly notice?: string | undefined;
}

/** The page of a list of live things: administrators see all, developers those of their own clients. */
@Injectable()
export class LivePages {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(LiveFilters) private readonly filters: LiveFilters,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  async list<T extends Listed>(request: WebRequest, kind: LiveKind<T>): Promise<Reply> {
    const visit = await this.openFor(request);
    const parameters = query(request);
    return this.show(visit, kind, parameters, { notice: kind.notices[parameters.text('done')] });
  }

  /**
   * One by its `selector`; `action=revoke-chosen` with those that are ticked (`chosen`); `action=revoke-all` of the user
   * and client that the list is narrowed to.
   */
  async act<T extends Listed>(request: WebRequest, kind: LiveKind<T>): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.openFor(request);
    const parameters = query(request);
    if (refusal) return this.show(visit, kind, parameters, { status: 403, error: refusal.sentence });
    const done = await this.revoke(visit, kind, form);
    return Reply.redirect(back(kind.path, parameters, done), { cookies: visit.cookies });
  }

  private async revoke<T extends Listed>(
    visit: UserVisit,
    kind: LiveKind<T>,
    form: Form,
  ): Promise<'revoked' | 'chosen-revoked' | 'none' | 'all-revoked'> {
    // The button of one row: what is ticked elsewhere is not meant.
    if (form.has('selector')) {
      await this.revokeThese(visit, kind, [form.text('selector')]);
      return 'revoked';
    }
    switch (form.get('action')) {
      case 'revoke-chosen': {
        const chosen = [...new Set(form.all('chosen'))].slice(0, mostAtOnce);
        await this.revokeThese(visit, kind, chosen);
        return chosen.length === 0 ? 'none' : 'chosen-revoked';
      }
      case 'revoke-all':
        await this.revokeAll(visit, kind, form);
        return 'all-revoked';
      default:
        throw new PageError('form.invalid');
    }
  }

  /** All of them or, where one may not be ended, none. Gone already is what was wanted. */
  private async revokeThese<T extends Listed>(
    visit: UserVisit,
    kind: LiveKind<T>,
    chosen: readonly string[],
  ): Promise<void> {
    const items: T[] = [];
    for (const text of chosen) {
      const selector = parseSelector(text);
      const item = selector === undefined ? undefined : await kind.find(selector, visit.now);
      if (!item) continue;
      if (!(await this.filters.mayEnd(visit, item))) throw new PageError('page.forbidden');
      items.push(item);
    }
    await this.store.run(async (unit) => {
      for (const item of items) {
        const { clientId, userId: subjectId } = item;
        const details = await kind.revoke(unit, item, visit.now);
        if (details)
          await this.audit.record(unit, { type: kind.event, ...actorOf(visit), clientId, subjectId, details });
      }
    });
  }

  private async revokeAll<T extends Listed>(visit: UserVisit, kind: LiveKind<T>, form: Form): Promise<void> {
    const filter = await this.filters.read(visit, form, (asked) => kind.list(asked, visit.now));
    const whose = endable(filter, visit);
    const ids = { clientId: whose.client?.id, subjectId: whose.user?.id };
    await this.store.run(async (unit) => {
      const details = await kind.revokeAll(unit, whose, visit.now);
      await this.audit.record(unit, { type: kind.event, ...actorOf(visit), ...ids, details });
    });
  }

  private async show<T extends Listed>(
    visit: UserVisit,
    kind: LiveKind<T>,
    parameters: Form,
    shown: Shown,
  ): Promise<Reply> {
    const source = (asked: LiveQuery): ReturnType<typeof kind.list> => kind.list(asked, visit.now);
    const filter = await this.filters.read(visit, parameters, source);
    const order = readOrder(parameters.get('order'));
    const before = parseSelector(parameters.get('before'));
    const { items, more } = await listVisible(source, filter, { before, order, limit: pageSize });
    const rows = await this.filters.rows(items);
    const model = {
      ...filterModel(filter, order, visit),
      [kind.name]: items.map((item, index) => ({ ...rows[index], ...kind.columns(item) })),
      isFirst: before === undefined,
      next: more ? items.at(-1)?.selector : undefined,
      ...shown,
    };
    return this.visits.page(visit, kind.view, model, { status: shown.status ?? 200 });
  }

  private async openFor(request: WebRequest): Promise<UserVisit> {
    const visit = await this.visits.requireUser(request);
    this.visits.requireRole(visit, 'admin', 'developer');
    return visit;
  }
}
