import { Inject, Injectable, type Type } from '@nestjs/common';
import type { EpochSeconds, Selector } from '@gatehouse/domain/kernel';
import type { Form } from '@gatehouse/platform/http/form';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { readOrder } from '../database/list-order.js';
import { text, type Text, type TextKey } from '../i18n/message.js';
import { listAddress, listPager } from '../web/list-pager.js';
import { PageError } from '../web/page-error.js';
import { routes } from '../web/routes.js';
import { sessionTabs } from '../web/session-tabs.js';
import type { Operation } from '../operations/operation.js';
import { PageOperations, type Submission } from '../users/page-operations.service.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { GrantListFilters } from './grant-list-filters.service.js';
import {
  listUrl,
  revocationOf,
  filterModel,
  filterParameters,
  listVisible,
  parseSelector,
  type GrantListItem,
  type GrantListQuery,
} from './grant-list.js';
import type { RevokeAllInput, Revoked, RevokeInput } from './operations/revocation.js';

const pageSize = 25;
/** The maximum number of selected items; a page shows fewer. */
const maxAtOnce = 200;

/** The differences between lists of grants and lists of tokens. */
export interface GrantListKind<T extends GrantListItem> {
  readonly path: string;
  readonly view: string;
  /** The name of the items in the view. */
  readonly name: 'grants' | 'tokens';
  readonly notices: Readonly<Record<string, TextKey>>;
  list(query: GrantListQuery, now: EpochSeconds): Promise<{ readonly items: readonly T[]; readonly more: boolean }>;
  /** The columns specific to this list. */
  columns(item: T): object;
  readonly revoke: Type<Operation<RevokeInput, Revoked>>;
  readonly revokeAll: Type<Operation<RevokeAllInput, Revoked>>;
}

interface Shown {
  readonly status?: number;
  readonly error?: Text;
  /** Why the list is shown: see {@link GrantListKind.notices}. */
  readonly done?: string;
}

/** Pages of active grants and tokens: administrators see all, developers those of their own clients. */
@Injectable()
export class GrantListPages {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(GrantListFilters) private readonly filters: GrantListFilters,
  ) {}

  async list<T extends GrantListItem>(request: WebRequest, kind: GrantListKind<T>): Promise<Reply> {
    const context = await this.requireDeveloper(request);
    const parameters = query(request);
    return this.show(context, kind, parameters, { done: parameters.text('done') });
  }

  /**
   * Revokes one item by its `selector`, the selected ones (`action=revoke-chosen`, `chosen`), or all of the user and client
   * of the filter (`action=revoke-all`).
   */
  async act<T extends GrantListItem>(request: WebRequest, kind: GrantListKind<T>): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.requireDeveloper(request);
    const parameters = query(request);
    if (refusal) return this.show(context, kind, parameters, { status: 403, error: text(refusal.id) });
    const done = await this.revoke({ context, form }, kind);
    return Reply.redirect(listUrl(kind.path, parameters, done), { cookies: context.cookies });
  }

  private async revoke<T extends GrantListItem>(
    submission: Submission,
    kind: GrantListKind<T>,
  ): Promise<'revoked' | 'chosen-revoked' | 'none' | 'all-revoked'> {
    const { context, form } = submission;
    // The button of one row: ignores the selected rows.
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
        const filter = await this.filters.read(context, form, (listQuery) => kind.list(listQuery, context.now));
        await this.operations.execute(kind.revokeAll, revocationOf(filter, context), submission);
        return 'all-revoked';
      }
      default:
        throw new PageError('form.invalid');
    }
  }

  private async show<T extends GrantListItem>(
    context: UserRequestContext,
    kind: GrantListKind<T>,
    parameters: Form,
    shown: Shown,
  ): Promise<Reply> {
    const source = (listQuery: GrantListQuery): ReturnType<typeof kind.list> => kind.list(listQuery, context.now);
    const filter = await this.filters.read(context, parameters, source);
    const order = readOrder(parameters.get('order'));
    const before = parseSelector(parameters.get('before'));
    const { items, more } = await listVisible(source, filter, { before, order, limit: pageSize });
    const rows = await this.filters.rows(items);
    const { status = 200, error, done = '' } = shown;
    const notice = kind.notices[done];
    const listed = filterParameters(filter, order);
    const model = {
      ...filterModel(filter, order, context),
      tabs: sessionTabs(kind.path, context.user),
      [kind.name]: items.map((item, index) => ({ ...rows[index], ...kind.columns(item) })),
      clearHref: filter.typed.user === '' && filter.typed.client === '' ? undefined : kind.path,
      action: listAddress(kind.path, listed),
      grantsHref: listAddress(routes.grants, listed),
      pager: listPager(kind.path, listed, {
        isFirst: before === undefined,
        next: more ? items.at(-1)?.selector : undefined,
      }),
      error,
      notice: notice && text(notice),
      noticeKind: done === 'none' ? 'warn' : undefined,
    };
    return this.contexts.page(context, kind.view, model, { status });
  }

  private async requireDeveloper(request: WebRequest): Promise<UserRequestContext> {
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin', 'developer');
    return context;
  }
}

function selectorsOf(texts: readonly string[]): readonly Selector[] {
  return [...new Set(texts)].slice(0, maxAtOnce).flatMap((text) => parseSelector(text) ?? []);
}
