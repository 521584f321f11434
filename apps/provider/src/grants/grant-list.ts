import type { Selector } from '@gatehouse/domain/kernel';
import type { Client, Scope } from '@gatehouse/domain/oauth';
import type { Form } from '@gatehouse/platform/http/form';
import { listOrders, type ListOrder } from '../database/list-order.js';
import { PageError } from '../web/page-error.js';
import { canAudit } from '../users/actor.js';
import type { User } from '../users/user.js';
import type { UserRequestContext } from '../users/sessions/request-context.js';
import type { RevokeAllInput } from './operations/revocation.js';

/** What a list of grants or tokens is narrowed to, and what of it this visitor may see. */
export interface GrantListFilter {
  readonly user: User | undefined;
  readonly client: Client | undefined;
  /** The clients that may be seen; undefined means all. */
  readonly clientIds: readonly string[] | undefined;
  /** As typed, for the form. */
  readonly typed: { readonly user: string; readonly client: string };
  /** Somebody or something was named that is not there: the list is empty. */
  readonly unknown: string | undefined;
}

export interface Listed {
  readonly selector: Selector;
  readonly clientId: string;
  /** Undefined for what a client has by itself. */
  readonly userId: string | undefined;
  readonly scope: Scope;
}

export interface GrantListQuery {
  readonly userId?: string | undefined;
  readonly clientId?: string | undefined;
  /** The last of the page before. */
  readonly before?: Selector | undefined;
  readonly order?: ListOrder | undefined;
  readonly limit: number;
}

export type GrantListPage = Pick<GrantListQuery, 'before' | 'order' | 'limit'>;

export type GrantListSource<T> = (
  query: GrantListQuery,
) => Promise<{ readonly items: readonly T[]; readonly more: boolean }>;

/** A page of what the filter leaves, the newest first unless the order is another. */
export async function listVisible<T extends Listed>(
  source: GrantListSource<T>,
  filter: Pick<GrantListFilter, 'user' | 'client' | 'clientIds'> & { readonly unknown?: string | undefined },
  page: GrantListPage,
): Promise<{ readonly items: readonly T[]; readonly more: boolean }> {
  const { user, client, clientIds } = filter;
  if (filter.unknown !== undefined) return { items: [], more: false };
  if (user) {
    const seen = client ? [client.id] : clientIds;
    return collect(
      (query) => source({ ...query, userId: user.id }),
      (item) => seen?.includes(item.clientId) ?? true,
      page,
    );
  }
  if (client) return source({ ...page, clientId: client.id });
  if (clientIds === undefined) return source(page);
  return merged(await Promise.all(clientIds.map((clientId) => source({ ...page, clientId }))), page);
}

const maxBatches = 50;

/** Reads on until the page is full: what is left out must not make it look like the last one. */
async function collect<T extends Listed>(
  source: GrantListSource<T>,
  keep: (item: T) => boolean,
  page: GrantListPage,
): Promise<{ items: readonly T[]; more: boolean }> {
  const kept: T[] = [];
  let before = page.before;
  for (let batch = 0; batch < maxBatches; batch++) {
    const { items, more } = await source({ ...page, before, limit: page.limit * 4 });
    kept.push(...items.filter(keep));
    before = items.at(-1)?.selector;
    if (kept.length > page.limit || !more) break;
  }
  return { items: kept.slice(0, page.limit), more: kept.length > page.limit };
}

function merged<T extends Listed>(
  pages: readonly { readonly items: readonly T[]; readonly more: boolean }[],
  { order = 'newest', limit }: GrantListPage,
): { items: readonly T[]; more: boolean } {
  const sign = order === 'newest' ? -1 : 1;
  const all = pages.flatMap((page) => page.items).sort((a, b) => sign * (a.selector - b.selector));
  return { items: all.slice(0, limit), more: all.length > limit || pages.some((page) => page.more) };
}

/** For the form of a list. */
export function orderChoices(chosen: ListOrder): readonly object[] {
  const words = { newest: 'Newest first', oldest: 'Oldest first' };
  return listOrders.map((order) => ({ order, words: words[order], chosen: order === chosen }));
}

export function parseSelector(text: string | undefined): Selector | undefined {
  const number = text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  // Selectors are made by this server and travel as plain numbers in our own pages.
  return Number.isSafeInteger(number) ? (number as Selector) : undefined;
}

/** What every list of live things shows of its filter. */
export function filterModel(filter: GrantListFilter, order: ListOrder, context: UserRequestContext): object {
  const { user, client, typed } = filter;
  const parts = [
    ...(typed.user === '' ? [] : [`user=${encodeURIComponent(user?.id ?? typed.user)}`]),
    ...(typed.client === '' ? [] : [`client=${encodeURIComponent(typed.client)}`]),
    ...(order === 'newest' ? [] : [`order=${order}`]),
  ];
  // All of a person's, across every client, is an administrator's to end.
  const canEndAll = client !== undefined || (user !== undefined && canAudit(context));
  return {
    typed,
    filterQuery: parts.join('&'),
    orderChoices: orderChoices(order),
    unknown: filter.unknown,
    endAll:
      canEndAll && filter.unknown === undefined
        ? { userId: user?.id, username: user?.username, clientId: client?.id, clientName: client?.name }
        : undefined,
  };
}

/**
 * Whose live grants or tokens may be ended all at once.
 * @throws PageError when nothing is named, or more than this visitor may end
 */
export function endable(filter: GrantListFilter, context: UserRequestContext): RevokeAllInput {
  const { typed } = filter;
  if (typed.user === '' && typed.client === '') throw new PageError('form.invalid');
  // Before it is told whether the user exists.
  if (typed.client === '' && !canAudit(context)) throw new PageError('page.forbidden');
  const { user, client, unknown } = filter;
  if (unknown === undefined && user) return { userId: user.id, clientId: client?.id };
  if (unknown === undefined && client) return { clientId: client.id };
  throw new PageError('record.not_found');
}

/** The same list again, from its beginning. */
export function back(path: string, parameters: Form, done: string): string {
  const kept = new URLSearchParams();
  for (const name of ['user', 'client', 'order'])
    if (parameters.text(name) !== '') kept.set(name, parameters.text(name));
  kept.set('done', done);
  return `${path}?${kept.toString()}`;
}
