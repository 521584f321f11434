import { Inject, Injectable } from '@nestjs/common';
import { statement, Store, type StatementText } from '@gatehouse/platform/database/store';
import type { Cursor } from '../web/cursor.js';
import { isSearchedInside, searchText } from './search-text.js';
import { usernameKey, type Role, type User, type UserStatus } from './user.js';
import { UserTextSearch, type TextQuery } from './user-text-search.service.js';
import { UsersService } from './users.service.js';

/** By username, newest first, or latest login first. */
export const userOrders = ['username', 'newest', 'latest_login'] as const;
export type UserOrder = (typeof userOrders)[number];

export interface UserQuery {
  /**
   * Part of the username, of a name or of the e-mail address; with fewer than three characters, the beginning of the
   * username or address. Users whose username begins with it come first, then those whose address does, then all
   * others.
   */
  readonly search?: string | undefined;
  readonly role?: Role | undefined;
  /** No index has it: a bounded number of accounts is read for one page. */
  readonly status?: UserStatus | undefined;
  readonly order?: UserOrder | undefined;
  readonly after?: Cursor | undefined;
  readonly limit: number;
}

/** A list of users ordered by one key; `id` breaks ties. */
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

interface FoundPage {
  readonly found: readonly FoundInRun[];
  readonly next: Cursor | undefined;
}

interface Inside {
  readonly found: readonly FoundInRun[];
  readonly stopped: FoundInRun | undefined;
}

/** No e-mail address is longer than this. */
const maxSearchUnits = 256;
/** Up to this many users of a role are looked up by id; with more, a page fills quickly in any order. */
const maxPicked = 10_000;
/** How many accounts are read at most for a page of one status: so many at once, so many times. */
const statusBatchSize = 1_000;
const maxStatusBatches = 20;
/** Sorts after every text with the same beginning, in code point order. */
const lastCharacter = '\u{10FFFF}';

// In code point order on both engines: with PostgreSQL's default collation, texts with the same beginning are not
// contiguous.
const username = 'u.username_key COLLATE "C"';
const email = 'u.email_key COLLATE "C"';
const begins = (column: string): string => `(${column} >= {start} AND ${column} < {end})`;

const runs: Readonly<Record<UserOrder, readonly Run[]>> = {
  username: [{ name: 'username', value: username, descends: false }],
  newest: [{ name: 'newest', value: 'u.id', descends: true }],
  latest_login: [{ name: 'latest_login', value: 'COALESCE(u.last_login_at, 0)', descends: true }],
};

/**
 * The first two runs of a search: users whose username begins with the text, then those of whom only the address does.
 * Each is a range of one index.
 */
const searchRuns: readonly Run[] = [
  { name: 'search_username', value: username, descends: false, where: begins(username) },
  { name: 'search_email', value: email, descends: false, where: `${begins(email)} AND NOT ${begins(username)}` },
];

/** The last run: users with the text anywhere in a name. */
const insideRun = searchRuns.length;

function isRunOfSearch(run: number): boolean {
  return Number.isInteger(run) && run >= 0 && run <= insideRun;
}

/** Lists of users for administrators, with keyset pagination: about as fast with a million users as with ten. */
@Injectable()
export class UserLists {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(UserTextSearch) private readonly texts: UserTextSearch,
  ) {}

  /** The types of the values in a cursor: number of the run, value, id. */
  cursorShape(order: UserOrder): readonly ('string' | 'number')[] {
    return ['number', order === 'latest_login' ? 'number' : 'string', 'string'];
  }

  /**
   * @returns one page, and the cursor of the next one if there is one. A search for part of a name or for a status reads
   *   a bounded number of accounts, so a page may have fewer users than the limit, or none, and still have a next page
   */
  async list(query: UserQuery): Promise<{ readonly users: readonly User[]; readonly next: Cursor | undefined }> {
    // No name contains NUL, and PostgreSQL rejects it.
    if (query.search?.includes('\0')) return { users: [], next: undefined };
    const { found, next } = await (query.status === undefined
      ? this.find(query)
      : this.findOfStatus(query, query.status));
    return { users: await this.users.listByIds(found.map(({ id }) => id)), next };
  }

  /** A page of the users of one status: all users are read, in batches, until it is full. */
  private async findOfStatus(query: UserQuery, status: UserStatus): Promise<FoundPage> {
    const kept: FoundInRun[] = [];
    let { after } = query;
    for (let batch = 0; batch < maxStatusBatches; batch += 1) {
      const { found, next } = await this.find({ ...query, after, limit: statusBatchSize });
      const ids = JSON.stringify(found.map(({ id }) => id));
      const rows = await this.store.all<{ id: string }>(idsOfStatus[status], ids);
      const ofStatus = new Set(rows.map(({ id }) => id));
      kept.push(...found.filter(({ id }) => ofStatus.has(id)));
      if (kept.length > query.limit) {
        const page = kept.slice(0, query.limit);
        return { found: page, next: cursorOf(page.at(-1)) };
      }
      // A search for part of a name has read its share before the batch is full.
      if (next === undefined || found.length < statusBatchSize) return { found: kept, next };
      after = next;
    }
    return { found: kept, next: after };
  }

  private async find(query: UserQuery): Promise<FoundPage> {
    const { order = 'username', after, limit, role } = query;
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
    return { found: page, next: cursorOf(found.length > limit ? page.at(-1) : searchInside?.stopped) };
  }

  /** The last run of a search: part of any name. */
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

  /** The users who have a role, if there are few: they would be hard to find among all users. */
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
    const prepared = pages.get(nameOf(run, { after: from !== undefined, role: role !== undefined, picked: !!picked }));
    if (!prepared) throw new Error(`There is no statement that lists users by ${run.name}.`);
    const [start, end] = search === undefined ? [undefined, undefined] : rangeOf(search);
    const values = { ...from, start, end, role, picked: picked && JSON.stringify(picked), limit };
    return this.store.all<Found>(prepared.text, ...prepared.places.map((place) => values[place] ?? ''));
  }
}

type Place = 'value' | 'id' | 'start' | 'end' | 'role' | 'picked' | 'limit';

interface PageStatement {
  readonly text: StatementText;
  /** The values of `$1`, `$2` and so on. */
  readonly places: readonly Place[];
}

/** Not a row comparison: SQLite does not use an index on an expression for those. */
function past({ value, descends }: Run): string {
  const sign = descends ? '<' : '>';
  return `${value} ${sign}= {value} AND (${value} ${sign} {value} OR u.id ${sign} {id})`;
}

/** Conditions in addition to the run's own. */
interface Narrowing {
  readonly after: boolean;
  readonly role: boolean;
  readonly picked: boolean;
}

function nameOf({ name }: Run, { after, role, picked }: Narrowing): string {
  return [name, after && 'after', role && 'role', picked && 'picked'].filter(Boolean).join('_');
}

/** The statement for a page of a run with these conditions. */
function statementOf(run: Run, narrowing: Narrowing): PageStatement {
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

/** The statements of all possible pages, by name. Created at load, so that preparing one never delays a request. */
const pages: ReadonlyMap<string, PageStatement> = new Map(
  [...Object.values(runs).flat(), ...searchRuns].flatMap((run) =>
    [false, true].flatMap((after) =>
      [
        { after, role: false, picked: false },
        { after, role: true, picked: false },
        { after, role: true, picked: true },
      ].map((narrowing): [string, PageStatement] => [nameOf(run, narrowing), statementOf(run, narrowing)]),
    ),
  ),
);

const byRole = statement(
  'users.ids_by_role',
  `SELECT r.user_id AS id FROM user_roles r WHERE r.role = $1 LIMIT ${maxPicked + 1}`,
);

/** Which of these ids belong to users of a status. */
const idsOfStatus: Readonly<Record<UserStatus, StatementText>> = {
  active: ofStatus('active', 'u.disabled_at IS NULL AND u.password_hash IS NOT NULL'),
  invited: ofStatus('invited', 'u.disabled_at IS NULL AND u.password_hash IS NULL'),
  disabled: ofStatus('disabled', 'u.disabled_at IS NOT NULL'),
};

function ofStatus(status: UserStatus, condition: string): StatementText {
  return statement(
    `users.ids_of_status_${status}`,
    `SELECT u.id FROM users u WHERE u.id IN (SELECT jsonb_array_elements_text($1::jsonb)) AND ${condition}`,
    { sqlite: `SELECT u.id FROM users u WHERE u.id IN (SELECT value FROM json_each($1)) AND ${condition}` },
  );
}

function cursorOf(last: FoundInRun | undefined): Cursor | undefined {
  return last && [last.run, last.value, last.id];
}

function rangeOf(search: string): readonly [string, string] {
  return [search, search + lastCharacter];
}
