import { SystemClock } from '@gatehouse/platform/clock';
import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { disableClients, disableUsers } from '../rollback.js';

/** Accounts that have a second factor, or a role that demands one. */
const protectedUsers = `id IN (SELECT user_id FROM totp_factors) OR id IN (SELECT user_id FROM passkeys) OR id IN (
  SELECT r.user_id FROM user_roles r JOIN role_requirements q ON q.role = r.role WHERE q.second_factor = 1)`;

/** Second factors: one-time passwords, recovery codes, passkeys, browsers that skip them, and who must have one. */
export class Factors1764000000010 implements MigrationInterface {
  readonly name = 'Factors1764000000010';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    for (const text of [
      `CREATE TABLE totp_factors (
        user_id ${t.id} PRIMARY KEY NOT NULL REFERENCES users (id) ON DELETE CASCADE, seed_sealed ${t.text} NOT NULL,
        last_step ${t.instant} NOT NULL, failures ${t.integer} NOT NULL,
        created_at ${t.instant} NOT NULL, last_used_at ${t.instant})`,
      `CREATE TABLE recovery_codes (
        user_id ${t.id} NOT NULL REFERENCES users (id) ON DELETE CASCADE, code_hash ${t.text} NOT NULL,
        created_at ${t.instant} NOT NULL, used_at ${t.instant}, PRIMARY KEY (user_id, code_hash))`,
      `CREATE TABLE passkeys (
        id ${t.id} PRIMARY KEY NOT NULL, user_id ${t.id} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        credential_id ${t.text} NOT NULL, public_key ${t.bytes} NOT NULL, counter ${t.instant} NOT NULL,
        transports ${t.json} NOT NULL, name ${t.text} NOT NULL, is_synced ${t.integer} NOT NULL,
        created_at ${t.instant} NOT NULL, last_used_at ${t.instant})`,
      `CREATE UNIQUE INDEX passkeys_credential ON passkeys (credential_id)`,
      `CREATE INDEX passkeys_user ON passkeys (user_id)`,
      `CREATE TABLE trusted_browsers (
        selector ${t.selector}, verifier_hash ${t.bytes} NOT NULL,
        user_id ${t.id} NOT NULL REFERENCES users (id) ON DELETE CASCADE, browser_hash ${t.bytes} NOT NULL,
        user_agent ${t.text}, address ${t.text},
        created_at ${t.instant} NOT NULL, last_used_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL)`,
      `CREATE INDEX trusted_browsers_user ON trusted_browsers (user_id, selector)`,
      `CREATE INDEX trusted_browsers_expiry ON trusted_browsers (expires_at)`,
      `CREATE TABLE role_requirements (
        role ${t.text} PRIMARY KEY NOT NULL, second_factor ${t.integer} NOT NULL, updated_at ${t.instant} NOT NULL)`,
      `ALTER TABLE clients ADD COLUMN second_factor_required ${t.flag} NOT NULL DEFAULT false`,
    ])
      await runner.query(text);
  }

  async down(runner: QueryRunner): Promise<void> {
    // The version before asks for a password alone.
    await disableClients(runner, 'second_factor_required = TRUE');
    await disableUsers(runner, protectedUsers);
    // It takes a session that waits for its second factor for a whole one.
    await runner.query(
      `UPDATE sessions SET ended_at = ${new SystemClock().now()} WHERE ended_at IS NULL AND is_full = 0`,
    );
    await runner.query('ALTER TABLE clients DROP COLUMN second_factor_required');
    for (const table of ['role_requirements', 'trusted_browsers', 'passkeys', 'recovery_codes', 'totp_factors'])
      await runner.query(`DROP TABLE ${table}`);
  }
}
