import { setImmediate as turn } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { statement, Store, type StatementText } from '@gatehouse/platform/database/store';
import { likePattern, searchText, trigramQuery } from './search-text.js';
import type { Role } from './user.js';

export interface TextQuery {
  /** The search text as entered. */
  readonly typed: string;
  /** Users whose username or e-mail address is in this range are excluded: they were listed before. */
  readonly leftOut: readonly [start: string, end: string];
  readonly role: Role | undefined;
  /** The ids of the users who have the role, if there are few. */
  readonly picked: readonly string[] | undefined;
  /** The page begins after this number. */
  readonly after: number;
  readonly limit: number;
}

export interface TextMatch {
  readonly id: string;
  readonly number: number;
}

export interface TextMatches {
  readonly matches: readonly TextMatch[];
  /** Where the search stopped before the page was full; undefined if it reached the end. */
  readonly stoppedAt: number | undefined;
}

/** Read before the index is used: frequent matches fill a page from these rows alone. */
const stretches = 2;
const rowsPerStretch = 1000;
/** With a role or exclusions there may be long stretches without a match: each round checks at most this many. */
const matchesPerRound = 5000;
const rounds = 4;

/**
 * Finds users by part of their username, names or e-mail address, in the order of their numbers in `user_search`.
 * Neither index returns frequent matches from the middle of a long list quickly: FTS5 reads the list from its start,
 * and PostgreSQL sorts all of it. So part of the table is scanned first.
 */
@Injectable()
export class UserTextSearch {
  constructor(@Inject(Store) private readonly store: Store) {}

  async find(query: TextQuery): Promise<TextMatches> {
    if (query.picked !== undefined) return { matches: await this.searchPicked(query), stoppedAt: undefined };
    const start = await this.byTable(query);
    if (start.stoppedAt === undefined || start.matches.length >= query.limit) return start;
    const limit = query.limit - start.matches.length;
    const rest = await this.byIndex({ ...query, after: start.stoppedAt, limit });
    return { matches: [...start.matches, ...rest.matches], stoppedAt: rest.stoppedAt };
  }

  /** Whether a search index exists; without one every account is read. */
  async hasIndex(): Promise<boolean> {
    return (await this.store.one(textIndex)) !== undefined;
  }

  /** Compares the texts in this process, in batches, so that SQLite does not block other requests. */
  private async byTable({ typed, leftOut, role, after, limit }: TextQuery): Promise<TextMatches> {
    const searched = searchText(typed);
    const matches: TextMatch[] = [];
    let at = after;
    for (let read = 0; read < stretches && matches.length < limit; read += 1) {
      const rows = await (role === undefined
        ? this.store.all<TextRow>(stretch.all, at, rowsPerStretch, ...leftOut)
        : this.store.all<TextRow>(stretch.ofRole, at, rowsPerStretch, ...leftOut, role));
      matches.push(
        ...rows.filter((row) => Boolean(row.listed) && searchText(row.text).includes(searched)).map(matchOf),
      );
      const last = rows.at(-1);
      if (last === undefined || rows.length < rowsPerStretch)
        return { matches: matches.slice(0, limit), stoppedAt: undefined };
      at = Number(last.number);
      await turn();
    }
    return { matches: matches.slice(0, limit), stoppedAt: at };
  }

  private async byIndex({ typed, leftOut, role, after, limit }: TextQuery): Promise<TextMatches> {
    const pattern = this.store.dialect === 'sqlite' ? trigramQuery(typed) : likePattern(searchText(typed));
    const matches: TextMatch[] = [];
    let at = after;
    for (let round = 0; round < rounds && matches.length < limit; round += 1) {
      const values = [pattern, ...leftOut, at, matchesPerRound, limit - matches.length];
      const rows = await (role === undefined
        ? this.store.all<IndexRow>(indexed.all, ...values)
        : this.store.all<IndexRow>(indexed.ofRole, ...values, role));
      matches.push(...rows.filter((row) => row.id !== null).map(matchOf));
      const checked = rows.find((row) => row.id === null);
      if (Number(checked?.checked ?? 0) < matchesPerRound && matches.length < limit)
        return { matches, stoppedAt: undefined };
      at = Number(checked?.number ?? at);
      await turn();
    }
    return { matches, stoppedAt: at };
  }

  private async searchPicked({ typed, leftOut, picked = [], after, limit }: TextQuery): Promise<TextMatch[]> {
    const searched = searchText(typed);
    const rows = await this.store.all<TextRow>(ofPicked, JSON.stringify(picked), ...leftOut, after);
    return rows
      .filter(({ text }) => searchText(text).includes(searched))
      .slice(0, limit)
      .map(matchOf);
  }
}

interface Row {
  readonly id: string | null;
  /** PostgreSQL's driver may return a bigint as a string. */
  readonly number: number | string;
}

interface TextRow extends Row {
  readonly text: string;
  readonly listed: number | boolean;
}

/** A match, or, without an id, how many rows the round checked and where it ended. */
interface IndexRow extends Row {
  readonly checked: number | string | null;
}

function matchOf({ id, number }: Row): TextMatch {
  return { id: id ?? '', number: Number(number) };
}

/** SQLite compares text bytewise by default. */
function onBoth(name: string, postgres: string, sqlite = postgres): StatementText {
  return statement(`user_search.${name}`, postgres, { sqlite: sqlite.replaceAll(' COLLATE "C"', '') });
}

const outside = (column: string, start: string, end: string): string =>
  `(${column} COLLATE "C" < ${start} OR ${column} COLLATE "C" >= ${end})`;
const notLeftOut = (start: string, end: string): string =>
  `(${outside('u.username_key', start, end)} AND (u.email_key IS NULL OR ${outside('u.email_key', start, end)}))`;
const hasRole = (role: string): string =>
  ` AND EXISTS (SELECT 1 FROM user_roles r WHERE r.user_id = s.user_id AND r.role = ${role})`;

const indexed = { all: indexStatement('index_page', ''), ofRole: indexStatement('index_page_of_role', hasRole('$7')) };

/**
 * Materialized: otherwise PostgreSQL may expect an early match for a pattern without statistics, and read every row.
 */
function indexStatement(name: string, condition: string): StatementText {
  const page = `SELECT number, id, NULL AS checked FROM (
       SELECT s.number, s.user_id AS id FROM checked s JOIN users u ON u.id = s.user_id
       WHERE ${notLeftOut('$2', '$3')}${condition} ORDER BY s.number LIMIT $6) AS page
     UNION ALL SELECT MAX(number), NULL, COUNT(*) FROM checked`;
  return onBoth(
    name,
    `WITH matches AS MATERIALIZED (SELECT number, user_id FROM user_search WHERE text LIKE $1 AND number > $4),
       checked AS MATERIALIZED (SELECT number, user_id FROM matches ORDER BY number LIMIT $5) ${page}`,
    `WITH matches AS MATERIALIZED (
         SELECT rowid AS number FROM user_search_trigrams
         WHERE user_search_trigrams MATCH $1 AND rowid > $4 ORDER BY rowid LIMIT $5),
       checked AS MATERIALIZED (SELECT s.number, s.user_id FROM matches m CROSS JOIN user_search s ON s.number = m.number) ${page}`,
  );
}

const stretch = { all: stretchStatement('stretch', ''), ofRole: stretchStatement('stretch_of_role', hasRole('$5')) };

function stretchStatement(name: string, condition: string): StatementText {
  return onBoth(
    name,
    `SELECT s.number, s.user_id AS id, s.text, ${notLeftOut('$3', '$4')}${condition} AS listed
     FROM (SELECT number, user_id, text FROM user_search WHERE number > $1 ORDER BY number LIMIT $2) AS s
       LEFT JOIN users u ON u.id = s.user_id
     ORDER BY s.number`,
  );
}

const ofPicked = onBoth(
  'of_picked',
  `SELECT s.number, s.user_id AS id, s.text FROM user_search s JOIN users u ON u.id = s.user_id
   WHERE s.user_id IN (SELECT jsonb_array_elements_text($1::jsonb)) AND ${notLeftOut('$2', '$3')} AND s.number > $4
   ORDER BY s.number`,
  `SELECT s.number, s.user_id AS id, s.text FROM user_search s JOIN users u ON u.id = s.user_id
   WHERE s.user_id IN (SELECT value FROM json_each($1)) AND ${notLeftOut('$2', '$3')} AND s.number > $4
   ORDER BY s.number`,
);

const textIndex = onBoth(
  'index',
  `SELECT 1 AS found FROM pg_index i
   WHERE i.indrelid = 'user_search'::regclass AND i.indisvalid
     AND EXISTS (SELECT 1 FROM pg_opclass o WHERE o.oid = ANY (i.indclass) AND o.opcname IN ('gin_trgm_ops', 'gist_trgm_ops'))
   LIMIT 1`,
  `SELECT 1 AS found FROM sqlite_master WHERE name = 'user_search_trigrams'`,
);
