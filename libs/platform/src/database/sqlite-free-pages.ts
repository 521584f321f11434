import type { SqliteDatabase } from './sqlite-driver.js';

/** Deleted rows leave free pages, which new rows fill: a tenth of the file, and at least 8 MB, is kept for them. */
const keptShare = 0.1;
const keptPages = 2000;

/** Number of free pages that can be released. */
export function surplusPages({ total, free }: { readonly total: number; readonly free: number }): number {
  return Math.max(0, free - Math.max(keptPages, Math.ceil(total * keptShare)));
}

/**
 * Releases surplus pages to the file system within the caller's transaction.
 * @param maxPages maximum number of pages
 * @returns remaining surplus pages; 0 for a file without `auto_vacuum=INCREMENTAL`, which an earlier version created
 */
export function releaseSurplus(database: SqliteDatabase, maxPages: number): number {
  if (database.pragma('auto_vacuum', { simple: true }) !== 2) return 0;
  const pages = Math.min(surplusOf(database), maxPages);
  // Zero would mean all of them.
  if (pages === 0) return 0;
  database.pragma(`incremental_vacuum(${pages})`);
  return surplusOf(database);
}

function surplusOf(database: SqliteDatabase): number {
  return surplusPages({ total: countOf(database, 'page_count'), free: countOf(database, 'freelist_count') });
}

function countOf(database: SqliteDatabase, name: 'page_count' | 'freelist_count'): number {
  return Number(database.pragma(name, { simple: true }));
}
