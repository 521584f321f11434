import { megabytes, showProgressBar } from '../progress-bar.js';
import { parseDatabaseUrl } from './database-url.js';
import { CompactRefused, compactSqlite } from './sqlite-compact.js';

export interface CompactResult {
  readonly json: { readonly file: string; readonly bytes_before: number; readonly bytes_after: number };
  readonly text: string;
}

/**
 * `database compact` of both applications: returns the free space of a SQLite database to the file system.
 * @throws CompactRefused
 */
export async function compactCommand(databaseUrl: string): Promise<CompactResult> {
  const address = parseDatabaseUrl(databaseUrl);
  if (address.kind !== 'sqlite')
    throw new CompactRefused(
      'this is for SQLite: PostgreSQL reuses the space of deleted rows by itself (autovacuum). To give it back to the disk, stop what uses the database and run VACUUM FULL, or use pg_repack while it runs',
    );
  const { file, bytesBefore, bytesAfter } = await compactSqlite(address.path, {
    onProgress: ({ writtenBytes: done, totalBytes: total }) => showProgressBar('compact', { done, total }, megabytes),
  });
  return {
    json: { file, bytes_before: bytesBefore, bytes_after: bytesAfter },
    text: `${file} (${bytesAfter} bytes; before: ${bytesBefore})`,
  };
}
