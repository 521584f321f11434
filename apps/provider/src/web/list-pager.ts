/** The page of a list by its keyset. */
export interface ListPage {
  readonly isFirst: boolean;
  /** The last key of this page; undefined on the last page. */
  readonly next: string | number | undefined;
  /** The query parameter that has it; `before` if left out. */
  readonly cursor?: 'before' | 'after';
}

/** The address of a list with its filters; empty ones are left out. */
export function listAddress(path: string, filters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(filters).flatMap(([name, value]) => (value ? [[name, value] as [string, string]] : []));
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}

/** The model of `ui/pager`; undefined if the list has one page only. */
export function listPager(
  path: string,
  filters: Readonly<Record<string, string | undefined>>,
  { isFirst, next, cursor = 'before' }: ListPage,
): object | undefined {
  if (isFirst && next === undefined) return undefined;
  return {
    first: isFirst ? undefined : listAddress(path, filters),
    next: next === undefined ? undefined : listAddress(path, { ...filters, [cursor]: String(next) }),
  };
}
