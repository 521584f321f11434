import { SystemClock } from '@gatehouse/platform/clock';
import type { QueryRunner } from 'typeorm';

/**
 * Used by `down` migrations for rows that rely on a protection that the migration removes: the previous version would honor
 * them without it. Conditions are SQL on the columns of the table that works on both engines.
 */

/** Disables the clients and ends their grants and tokens; an administrator can enable them again. */
export async function disableClients(runner: QueryRunner, condition: string): Promise<void> {
  await endGrantsOfClients(runner, condition);
  await runner.query(`UPDATE clients SET disabled_at = ${now()} WHERE disabled_at IS NULL AND (${condition})`);
  await invalidateClientCache(runner);
}

/** Deletes the clients and everything that refers to them, and ends their grants and tokens. */
export async function deleteClients(runner: QueryRunner, condition: string): Promise<void> {
  await endGrantsOfClients(runner, condition);
  // Migrations run with foreign keys disabled on SQLite: deletes do not cascade.
  for (const table of ['client_secrets', 'client_origins', 'consents'])
    await runner.query(`DELETE FROM ${table} WHERE client_id IN (SELECT id FROM clients WHERE ${condition})`);
  await runner.query(`DELETE FROM clients WHERE ${condition}`);
  await invalidateClientCache(runner);
}

/** Disables the accounts and ends their sessions and grants. */
export async function disableUsers(runner: QueryRunner, condition: string): Promise<void> {
  const ofThese = `user_id IN (SELECT id FROM users WHERE ${condition})`;
  await runner.query(`UPDATE sessions SET ended_at = ${now()} WHERE ended_at IS NULL AND ${ofThese}`);
  await revoke(runner, 'grants', ofThese);
  await revoke(runner, 'access_tokens', ofThese);
  await runner.query(`UPDATE users SET disabled_at = ${now()} WHERE disabled_at IS NULL AND (${condition})`);
}

export async function revoke(runner: QueryRunner, table: 'grants' | 'access_tokens', condition: string): Promise<void> {
  await runner.query(`UPDATE ${table} SET revoked_at = ${now()} WHERE revoked_at IS NULL AND (${condition})`);
}

/** A member of `clients.metadata`, which is JSON text; a quote inside a value is escaped and never matches. */
export function hasMetadata(member: string, value = ''): string {
  return `metadata LIKE '%"${member}":${value}%'`;
}

async function endGrantsOfClients(runner: QueryRunner, condition: string): Promise<void> {
  for (const table of ['grants', 'access_tokens'] as const)
    await revoke(runner, table, `client_id IN (SELECT id FROM clients WHERE ${condition})`);
}

/** Invalidates the client caches of running processes. */
async function invalidateClientCache(runner: QueryRunner): Promise<void> {
  await runner.query(
    `INSERT INTO cache_versions (topic, version) VALUES ('clients', 1)
     ON CONFLICT (topic) DO UPDATE SET version = cache_versions.version + 1`,
  );
}

function now(): number {
  return new SystemClock().now();
}
