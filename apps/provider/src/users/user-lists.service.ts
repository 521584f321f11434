import { Inject, Injectable } from '@nestjs/common';
import { statement, Store, type StatementText } from '@gatehouse/platform/database/store';
import type { Cursor } from '../web/cursor.js';
import { isSearchedInside, searchText } from './search-text.js';
import { usernameKey, type Role, type User } from './user.js';
import { UserTextSearch, type TextQuery } from './user-text-search.service.js';
import { UsersService } from './users.service.js';

/** By name; who was added last first; who logged in last first. */
export const userOrders = ['username', 'newest', 'latest_login'] as const;
export type UserOrder = (typeof userOrders)[number];

export interface UserQuery {
  /**
   * A part of the username, of a name or of the e-mail address; under three characters, how the username or the address
   * begins. First come those whose username begins with it, then those whose address does, then the others.
   */
  readonly search?: string | undefined;
  readonly role?: Role | undefined;
  readonly order?: UserOrder | undefined;
  readonly after?: Cursor | undefined;
  readonly limit: number;
}

/** A run of users by one key: `value` leads, `id` decides between equals. */
interface Run {
  readonly name: string;
  readonly value: string;
  readonly descends: boolean;
  readonly where?: string;
}

interface Found {
  readonly id: string;
  readonly value: string | number;
}

type FoundInRun = Found & { readonly run: number };

type InsideQuery = Omit<TextQuery, 'leftOut' | 'after'> & { readonly after: Cursor | undefined };

interface Inside {
  readonly found: readonly FoundInRun[];
  readonly stopped: FoundInRun | undefined;
}

/** An e-mail address is no longer than this. */
const maxSearchUnits = 256;
/** So many people of a role are looked up one by one; of more, a page is found soon in any order. */
const maxPicked = 10_000;
/** After every text that begins with another, in the order of code points. */
const lastCharacter = '\u{10FFFF}';

// By code points on both engines: PostgreSQL's own order of text knows no beginnings.
const username = 'u.username_key COLLATE "C"';
const email = 'u.email_key COLLATE "C"';
const begins = (column: string): string => `(${column} >= {start} AND ${column} < {end})`;

const runs: Readonly<Record<UserOrder, readonly Run[]>> = {
  username: [{ name: 'username', value: username, descends: false }],
  newest: [{ name: 'newest', value: 'u.id', descends: true }],
  latest_login: [{ name: 'latest_login', value: 'COALESCE(u.last_login_at, 0)', descends: true }],
};

/** How a search begins: whose username begins so, then whose address alone does. Each is a stretch of one index. */
const searchRuns: readonly Run[] = [
  { name: 'search_username', value: username, descends: false, where: begins(username) },
  { name: 'search_email', value: email, descends: false, where: `${begins(email)} AND NOT ${begins(username)}` },
];

/** Then whoever has it in a name. */
const insideRun = searchRuns.length;

function isRunOfSearch(run: number): boolean {
  return Number.isInteger(run) && run >= 0 && run <= insideRun;
}

/** The lists of users that administrators read: pages by key, about as fast at a million users as at ten. */
@Injectable()
export class UserLists {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(UserTextSearch) private readonly texts: UserTextSearch,
  ) {}

  /** The kinds of the values of a cursor: number of the run, its value, the id. */
  cursorShape(order: UserOrder): readonly ('string' | 'number')[] {
    return ['number', order === 'latest_login' ? 'number' : 'string', 'string'];
  }

  /**
   * @returns one page, and the cursor of the next one where there is one. A search for part of a name reads a bounded number
   *   of accounts: its page may have fewer users than the limit, or none, and a next one nevertheless
   */
  async list(query: UserQuery): Promise<{ readonly users: readonly User[]; readonly next: Cursor | undefined }> {
    const { order = 'username', after, limit, role } = query;
    // No name contains a NUL, and PostgreSQL accepts none.
    if (query.search?.includes('\0')) return { users: [], next: undefined };
    const typed = query.search?.slice(0, maxSearchUnits) ?? '';
    const search = typed === '' ? undefined : usernameKey(typed);
    const all = search === undefined ? runs[order] : searchRuns;
    const picked = role === undefined ? undefined : await this.pick(role);
    const found: FoundInRun[] = [];
    const first = after === undefined ? 0 : Number(after[0]);
    for (let at = first; at < all.length && found.length <= limit; at += 1) {
      const run = all[at];
      if (!run) break;
      const from = at === first && after ? { value: after[1] ?? '', id: String(after[2]) } : undefined;
      const rows = await this.page(run, { search, role, picked }, from, limit + 1 - found.length);
      found.push(...rows.map((row) => ({ ...row, run: at })));
    }
    const searchInside =
      found.length <= limit && isRunOfSearch(first) && isSearchedInside(searchText(typed))
        ? await this.inside({ typed, role, picked, after, limit: limit + 1 - found.length })
        : undefined;
    found.push(...(searchInside?.found ?? []));
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : searchInside?.stopped;
    return {
      users: await this.users.listByIds(page.map(({ id }) => id)),
      next: last && [last.run, last.value, last.id],
    };
  }

  /** The last run of a search: by a part of any name. */
  private async inside({ after, ...query }: InsideQuery): Promise<Inside> {
    const from = after && Number(after[0]) === insideRun ? String(after[1]) : '0';
    if (!/^\d{1,15}$/.test(from)) return { found: [], stopped: undefined };
    const { matches, stoppedAt } = await this.texts.find({
      ...query,
      leftOut: rangeOf(usernameKey(query.typed)),
      after: Number(from),
    });
    return {
      found: matches.map(({ id, number }) => ({ id, value: String(number), run: insideRun })),
      stopped: stoppedAt === undefined ? undefined : { id: '', value: String(stoppedAt), run: insideRun },
    };
  }

  /** Who has a role, where they are few: they would have to be sought among all. */
  private async pick(role: Role): Promise<readonly string[] | undefined> {
    const rows = await this.store.all<{ id: string }>(byRole, role);
    return rows.length > maxPicked ? undefined : rows.map(({ id }) => id);
  }

  private async page(
    run: Run,
    filter: {
      readonly search: string | undefined;
      readonly role: Role | undefined;
      readonly picked: readonly string[] | undefined;
    },
    from: Found | undefined,
    limit: number,
  ): Promise<Found[]> {
    const { search, role, picked } = filter;
    const made = pages.get(nameOf(run, { after: from !== undefined, role: role !== undefined, picked: !!picked }));
    if (!made) throw new Error(`no statement lists users by ${run.name}`);
    const [start, end] = search === undefined ? [undefined, undefined] : rangeOf(search);
    const values = { ...from, start, end, role, picked: picked && JSON.stringify(picked), limit };
    return this.store.all<Found>(made.text, ...made.places.map((place) => values[place] ?? ''));
  }
}

type Place = 'value' | 'id' | 'start' | 'end' | 'role' | 'picked' | 'limit';

interface Made {
  readonly text: StatementText;
  /** What fills `$1`, `$2` and so on. */
  readonly places: readonly Place[];
}

/** Not as a comparison of rows: of those SQLite does not find its way into an index on an expression. */
function past({ value, descends }: Run): string {
  const sign = descends ? '<' : '>';
  return `${value} ${sign}= {value} AND (${value} ${sign} {value} OR u.id ${sign} {id})`;
}

/** What narrows a page down, beside the run's own condition. */
interface Narrowing {
  readonly after: boolean;
  readonly role: boolean;
  readonly picked: boolean;
}

function nameOf({ name }: Run, { after, role, picked }: Narrowing): string {
  return [name, after && 'after', role && 'role', picked && 'picked'].filter(Boolean).join('_');
}

/** A page of a run, of what the conditions leave. */
function statementOf(run: Run, narrowing: Narrowing): Made {
  const { after, role, picked } = narrowing;
  const conditions = [
    ...(after ? [past(run)] : []),
    ...(run.where === undefined ? [] : [run.where]),
    ...(role ? ['EXISTS (SELECT 1 FROM user_roles r WHERE r.user_id = u.id AND r.role = {role})'] : []),
    ...(picked ? ['u.id IN (SELECT value FROM json_each({picked}))'] : []),
  ];
  const places: Place[] = [];
  const direction = run.descends ? 'DESC' : 'ASC';
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')} `;
  const text = `SELECT u.id, ${run.value} AS value FROM users u ${where}ORDER BY ${run.value} ${direction}, u.id ${direction} LIMIT {limit}`;
  const numbered = text.replace(/\{(\w+)\}/g, (_match, place: Place) => {
    if (!places.includes(place)) places.push(place);
    return `$${places.indexOf(place) + 1}`;
  });
  const postgres = numbered.replace(
    /SELECT value FROM json_each\((\$\d+)\)/,
    (_match, place: string) => `SELECT jsonb_array_elements_text(${place}::jsonb)`,
  );
  return {
    text: statement(`users.list_${nameOf(run, narrowing)}`, postgres, {
      sqlite: numbered.replaceAll(' COLLATE "C"', ''),
    }),
    places,
  };
}

/** Every page that can be asked for, by name. Made at load, so that no statement is prepared for the first time by a user. */
const pages: ReadonlyMap<string, Made> = new Map(
  [...Object.values(runs).flat(), ...searchRuns].flatMap((run) =>
    [false, true].flatMap((after) =>
      [
        { after, role: false, picked: false },
        { after, role: true, picked: false },
        { after, role: true, picked: true },
      ].map((narrowing): [string, Made] => [nameOf(run, narrowing), statementOf(run, narrowing)]),
    ),
  ),
);

const byRole = statement(
  'users.ids_by_role',
  `SELECT r.user_id AS id FROM user_roles r WHERE r.role = $1 LIMIT ${maxPicked + 1}`,
);

function rangeOf(search: string): readonly [string, string] {
  return [search, search + lastCharacter];
}
