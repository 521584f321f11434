import { isAbsolute, resolve } from 'node:path';

/** `shown` may stand in messages: it holds no password. */
export type DatabaseAddress =
  | { readonly kind: 'sqlite'; readonly path: string; readonly shown: string }
  | { readonly kind: 'postgres'; readonly url: string; readonly shown: string };

/**
 * Reads `sqlite:PATH` or `postgres://…`.
 * @param dataDir where a relative SQLite path starts; the working directory when left out
 * @throws Error whose message repeats nothing of the URL but its scheme: the rest may hold a password
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

function postgresAddress(url: string): DatabaseAddress {
  if (!/^[a-z]+:\/\//i.test(url) || !URL.canParse(url))
    throw new Error('the database URL is not a valid postgres://user:password@host:port/database');
  const { host, pathname } = new URL(url);
  return { kind: 'postgres', url, shown: `postgres://${host}${pathname}` };
}

function sqlitePath(written: string, dataDir: string): string {
  // sqlite:///var/x is the absolute /var/x, as other tools write it; sqlite://x would name a host.
  const path = written.startsWith('///') ? written.slice(2) : written;
  if (path === '' || path.startsWith('//')) throw new Error('the database URL names no file: write sqlite:PATH');
  if (path === ':memory:')
    throw new Error('the database URL must name a file: two handles cannot share a database in memory');
  return isAbsolute(path) ? path : resolve(dataDir, path);
}
