import type { BaselineMigration } from '@gatehouse/platform/database/baseline';
import { ddl } from '@gatehouse/platform/database/ddl';
import type { QueryRunner } from 'typeorm';

/** The client's schema of version 0.1 for both engines, with the column order of version 0.1. */
export class ClientBaseline1795900000000 implements BaselineMigration {
  readonly name = 'ClientBaseline1795900000000';
  readonly version = '0.1';
  readonly replaces = ['ClientFirstSchema1764000000001', 'BackchannelLogout1764000000002'];

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    for (const text of [
      `CREATE TABLE providers (
        id ${t.id} PRIMARY KEY NOT NULL, name ${t.text} NOT NULL, issuer ${t.text} NOT NULL, client_id ${t.text} NOT NULL,
        client_secret_sealed ${t.text}, scope ${t.json} NOT NULL, is_seeded ${t.flag} NOT NULL,
        created_at ${t.instant} NOT NULL, updated_at ${t.instant} NOT NULL)`,
      `CREATE TABLE login_flows (
        selector ${t.selector}, verifier_hash ${t.bytes} NOT NULL, browser_hash ${t.bytes} NOT NULL,
        address ${t.text} NOT NULL, provider_id ${t.id} NOT NULL, content_sealed ${t.text} NOT NULL,
        created_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL, consumed_at ${t.instant})`,
      `CREATE INDEX login_flows_browser ON login_flows (browser_hash, selector)`,
      `CREATE INDEX login_flows_address ON login_flows (address, expires_at)`,
      `CREATE INDEX login_flows_expiry ON login_flows (expires_at)`,
      // A logout token finds sessions by the last two hashes.
      `CREATE TABLE sessions (
        selector ${t.selector}, verifier_hash ${t.bytes} NOT NULL, version ${t.integer} NOT NULL,
        content_sealed ${t.text} NOT NULL, created_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL,
        subject_hash ${t.bytes}, provider_session_hash ${t.bytes})`,
      `CREATE INDEX sessions_expiry ON sessions (expires_at)`,
      `CREATE INDEX sessions_subject ON sessions (subject_hash)`,
      `CREATE INDEX sessions_provider_session ON sessions (provider_session_hash)`,
      `CREATE TABLE admin_sessions (
        selector ${t.selector}, verifier_hash ${t.bytes} NOT NULL,
        created_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL)`,
      `CREATE TABLE password_failures (
        bucket ${t.text} PRIMARY KEY NOT NULL, window_started_at ${t.instant} NOT NULL, failures ${t.integer} NOT NULL)`,
      `CREATE TABLE taken_logout_tokens (id_hash ${t.text} PRIMARY KEY NOT NULL, expires_at ${t.instant} NOT NULL)`,
      `CREATE INDEX taken_logout_tokens_expiry ON taken_logout_tokens (expires_at)`,
    ])
      await runner.query(text);
  }

  /** The schema is kept: it equals that of version 0.1, whose migrations are recorded again (`migrateDown`). */
  async down(): Promise<void> {}
}
