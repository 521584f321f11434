import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The client's first schema, one text for both engines. */
export class ClientFirstSchema1764000000001 implements MigrationInterface {
  readonly name = 'ClientFirstSchema1764000000001';

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
      `CREATE TABLE sessions (
        selector ${t.selector}, verifier_hash ${t.bytes} NOT NULL, version ${t.integer} NOT NULL,
        content_sealed ${t.text} NOT NULL, created_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL)`,
      `CREATE INDEX sessions_expiry ON sessions (expires_at)`,
      `CREATE TABLE admin_sessions (
        selector ${t.selector}, verifier_hash ${t.bytes} NOT NULL,
        created_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL)`,
      `CREATE TABLE password_failures (
        bucket ${t.text} PRIMARY KEY NOT NULL, window_started_at ${t.instant} NOT NULL, failures ${t.integer} NOT NULL)`,
    ])
      await runner.query(text);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['password_failures', 'admin_sessions', 'sessions', 'login_flows', 'providers'])
      await runner.query(`DROP TABLE ${table}`);
  }
}
