import { isAbsolute, resolve } from 'node:path';

/** `shown` is safe in messages: it contains no password. */
export type DatabaseAddress =
  { readonly kind: 'sqlite'; readonly path: string; readonly shown: string } | PostgresAddress;

export interface PostgresAddress {
  readonly kind: 'postgres';
  /** One URL per host, in the order in which they are tried. */
  readonly urls: readonly string[];
  /** Connect only to a server that accepts writes. Always true with several hosts. */
  readonly readWrite: boolean;
  /** `unchecked`: accept a server whose settings can lose commits in a power failure. */
  readonly durability: 'required' | 'unchecked';
  /** `transaction`: connections go through a pooler that assigns a session per transaction. */
  readonly pooler: 'none' | 'transaction';
  readonly shown: string;
}

/**
 * Parses `sqlite:PATH`, `postgres://user:password@host/database` or, for fail-over, `postgres://user:password@host1,host2:5433/database`.
 * @param dataDir base of relative SQLite paths; the working directory by default
 * @throws Error whose message contains nothing of the URL but its scheme, because the rest may contain a password
 */
export function parseDatabaseUrl(url: string, dataDir: string = process.cwd()): DatabaseAddress {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 'sqlite') {
    const path = sqlitePath(url.slice('sqlite:'.length), dataDir);
    return { kind: 'sqlite', path, shown: `sqlite:${path}` };
  }
  if (scheme === 'postgres' || scheme === 'postgresql') return postgresAddress(url);
  const given = scheme === undefined ? 'has no scheme' : `has the scheme "${scheme}:"`;
  throw new Error(`the database URL ${given}: it must begin with sqlite: or postgres://`);
}

/** libpq's multi-host form, which is not a valid URL: the authority is parsed first. */
const postgresUrl = /^(postgres(?:ql)?:\/\/)([^/?#]*@)?([^/?#]*)([^?#]*)(\?[^#]*)?$/i;
const maxHosts = 16;

function postgresAddress(url: string): PostgresAddress {
  const [, scheme = '', user = '', authority, path = '', query = ''] = postgresUrl.exec(url) ?? [];
  if (authority === undefined) throw new Error(invalidPostgresUrl);
  const hosts = authority.split(',');
  const parameters = new URLSearchParams(query);
  if (hosts.length > maxHosts) throw new Error(`the database URL names more than ${maxHosts} hosts`);
  if (hosts.length > 1 && hosts.includes('')) throw new Error('the database URL names an empty host between commas');
  if (parameters.getAll('host').some((host) => host.includes(',')))
    throw new Error('the database URL lists hosts in its query: write them before the database, host1:port,host2:port');
  const readWrite = needsWrites(parameters.get('target_session_attrs'), hosts.length);
  const durability = choiceOf(parameters, 'durability', ['required', 'unchecked']);
  const pooler = choiceOf(parameters, 'pooler', ['none', 'transaction']);
  // Other parameters are passed on unchanged.
  const isOwnParameter = (pair: string): boolean =>
    [...new URLSearchParams(pair).keys()].some((key) => ownParameters.has(key));
  const rest = query
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '' && !isOwnParameter(pair))
    .join('&');
  const urls = hosts.map((host) => `${scheme}${user}${host}${path}${rest === '' ? '' : `?${rest}`}`);
  if (!urls.every((each) => URL.canParse(each))) throw new Error(invalidPostgresUrl);
  return { kind: 'postgres', urls, readWrite, durability, pooler, shown: `postgres://${authority}${path}` };
}

const invalidPostgresUrl = 'the database URL is not a valid postgres://user:password@host:port/database';

/**
 * Removed before the URL reaches the driver, which does not know the first three. `application_name` would override the
 * name that all connections of this program have, by which database-use.ts finds them.
 */
const ownParameters = new Set(['target_session_attrs', 'durability', 'pooler', 'application_name']);

/** The first value is the default. */
function choiceOf<T extends string>(parameters: URLSearchParams, name: string, values: readonly [T, ...T[]]): T {
  const given = parameters.get(name);
  if (given === null) return values[0];
  const value = values.find((each) => each === given);
  if (value === undefined) throw new Error(`the database URL has a ${name} that is not one of ${values.join(', ')}`);
  return value;
}

/** All reads use the server that accepts writes, so with several hosts no other value makes sense. */
function needsWrites(attributes: string | null, hosts: number): boolean {
  if (attributes === null) return hosts > 1;
  if (attributes === 'read-write' || attributes === 'primary') return true;
  if (attributes === 'any' && hosts === 1) return false;
  throw new Error('the database URL has a target_session_attrs that is not supported: use read-write');
}

function sqlitePath(written: string, dataDir: string): string {
  // sqlite:///var/x is the absolute path /var/x, as in other tools; sqlite://x would name a host.
  const path = written.startsWith('///') ? written.slice(2) : written;
  if (path === '' || path.startsWith('//')) throw new Error('the database URL names no file: write sqlite:PATH');
  if (path === ':memory:')
    throw new Error('the database URL must name a file: two handles cannot share a database in memory');
  return isAbsolute(path) ? path : resolve(dataDir, path);
}
