import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { deleteClients } from '../rollback.js';

/** Where clients come from, who approved them and when they were used; initial access tokens and rates of registration. */
export class Registration1764000000003 implements MigrationInterface {
  readonly name = 'Registration1764000000003';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    for (const text of [
      `ALTER TABLE clients ADD COLUMN source ${t.text} NOT NULL DEFAULT 'admin'`,
      `ALTER TABLE clients ADD COLUMN approved_at ${t.instant}`,
      `ALTER TABLE clients ADD COLUMN last_used_at ${t.instant}`,
      `ALTER TABLE clients ADD COLUMN registered_address ${t.text}`,
      `ALTER TABLE clients ADD COLUMN registered_with ${t.text}`,
      `ALTER TABLE clients ADD COLUMN registration_token_hash ${t.bytes}`,
      // Whoever owns a client made it, as far as can be told now; nobody could register one by protocol before.
      `UPDATE clients SET approved_at = created_at, source = CASE WHEN owner_id IS NULL THEN 'admin' ELSE 'developer' END`,
      // The few that nobody approved: counted by address, and cleared by their last use.
      `CREATE INDEX clients_unapproved ON clients (registered_address) WHERE approved_at IS NULL`,
      `CREATE INDEX clients_unused ON clients (last_used_at) WHERE approved_at IS NULL`,
      `CREATE TABLE initial_access_tokens (
        id ${t.id} PRIMARY KEY NOT NULL, token_hash ${t.bytes} NOT NULL, name ${t.text} NOT NULL,
        uses ${t.integer} NOT NULL, most_uses ${t.integer},
        created_at ${t.instant} NOT NULL, expires_at ${t.instant}, last_used_at ${t.instant})`,
      `CREATE UNIQUE INDEX initial_access_tokens_hash ON initial_access_tokens (token_hash)`,
      `CREATE TABLE registration_rates (
        bucket ${t.text} PRIMARY KEY NOT NULL, window_started_at ${t.instant} NOT NULL, registrations ${t.integer} NOT NULL)`,
      `CREATE INDEX registration_rates_window ON registration_rates (window_started_at)`,
    ])
      await runner.query(text);
  }

  async down(runner: QueryRunner): Promise<void> {
    // The version before takes every client for one that an administrator added.
    await deleteClients(runner, 'approved_at IS NULL');
    for (const text of [
      'DROP TABLE registration_rates',
      'DROP TABLE initial_access_tokens',
      'DROP INDEX clients_unused',
      'DROP INDEX clients_unapproved',
      ...[
        'registration_token_hash',
        'registered_with',
        'registered_address',
        'last_used_at',
        'approved_at',
        'source',
      ].map((column) => `ALTER TABLE clients DROP COLUMN ${column}`),
    ])
      await runner.query(text);
  }
}
