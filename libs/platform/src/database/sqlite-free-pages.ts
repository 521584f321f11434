import type { SqliteDatabase } from './sqlite-driver.js';

/** What was deleted leaves free pages, which new rows fill: a tenth of the file, and at least 8 MB, is kept for them. */
const keptShare = 0.1;
const keptPages = 2000;

/** How many free pages may go back to the disk. */
export function surplusPages({ total, free }: { readonly total: number; readonly free: number }): number {
  return Math.max(0, free - Math.max(keptPages, Math.ceil(total * keptShare)));
}

/**
 * Gives surplus pages back to the disk, at most so many, within the caller's transaction.
 * @returns how many are left; 0 also where the file has no `auto_vacuum=INCREMENTAL`: it was made by an earlier version
 */
export function releaseSurplus(database: SqliteDatabase, most: number): number {
  if (database.pragma('auto_vacuum', { simple: true }) !== 2) return 0;
  const pages = Math.min(surplusOf(database), most);
  // Zero means all of them.
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
