import { Inject, Injectable, type Type } from '@nestjs/common';
import type { EpochSeconds, Selector } from '@gatehouse/domain/kernel';
import type { Form } from '@gatehouse/platform/http/form';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { readOrder } from '../database/list-order.js';
import { PageError } from '../web/page-error.js';
import type { Operation } from '../operations/operation.js';
import { PageOperations, type Submission } from '../users/page-operations.service.js';
import type { UserVisit } from '../users/sessions/visit.js';
import { Visits } from '../users/sessions/visits.service.js';
import { LiveFilters } from './live-filters.service.js';
import { back, endable, filterModel, listVisible, parseSelector, type Listed, type LiveQuery } from './live-list.js';
import type { RevokeAllInput, Revoked, RevokeInput } from './operations/revocation.js';

const pageSize = 25;
/** Of the chosen ones; a page shows fewer. */
const mostAtOnce = 200;

/** What grants and tokens differ in. */
export interface LiveKind<T extends Listed> {
  readonly path: string;
  readonly view: string;
  /** What the view calls the items. */
  readonly name: 'grants' | 'tokens';
  readonly notices: Readonly<Record<string, string>>;
  list(query: LiveQuery, now: EpochSeconds): Promise<{ readonly items: readonly T[]; readonly more: boolean }>;
  /** The columns that only this list has. */
  columns(item: T): object;
  readonly revoke: Type<Operation<RevokeInput, Revoked>>;
  readonly revokeAll: Type<Operation<RevokeAllInput, Revoked>>;
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
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(LiveFilters) private readonly filters: LiveFilters,
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
    const done = await this.revoke({ visit, form }, kind);
    return Reply.redirect(back(kind.path, parameters, done), { cookies: visit.cookies });
  }

  private async revoke<T extends Listed>(
    submission: Submission,
    kind: LiveKind<T>,
  ): Promise<'revoked' | 'chosen-revoked' | 'none' | 'all-revoked'> {
    const { visit, form } = submission;
    // The button of one row: what is ticked elsewhere is not meant.
    if (form.has('selector')) {
      await this.operations.execute(kind.revoke, { selectors: selectorsOf([form.text('selector')]) }, submission);
      return 'revoked';
    }
    switch (form.get('action')) {
      case 'revoke-chosen': {
        const chosen = selectorsOf(form.all('chosen'));
        await this.operations.execute(kind.revoke, { selectors: chosen }, submission);
        return chosen.length === 0 ? 'none' : 'chosen-revoked';
      }
      case 'revoke-all': {
        const filter = await this.filters.read(visit, form, (asked) => kind.list(asked, visit.now));
        await this.operations.execute(kind.revokeAll, endable(filter, visit), submission);
        return 'all-revoked';
      }
      default:
        throw new PageError('form.invalid');
    }
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

function selectorsOf(texts: readonly string[]): readonly Selector[] {
  return [...new Set(texts)].slice(0, mostAtOnce).flatMap((text) => parseSelector(text) ?? []);
}
