import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** By what a provider's logout token finds the sessions that it ends, and which tokens were taken. */
export class BackchannelLogout1764000000002 implements MigrationInterface {
  readonly name = 'BackchannelLogout1764000000002';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    for (const text of [
      `ALTER TABLE sessions ADD COLUMN subject_hash ${t.bytes}`,
      `ALTER TABLE sessions ADD COLUMN provider_session_hash ${t.bytes}`,
      'CREATE INDEX sessions_subject ON sessions (subject_hash)',
      'CREATE INDEX sessions_provider_session ON sessions (provider_session_hash)',
      `CREATE TABLE taken_logout_tokens (id_hash ${t.text} PRIMARY KEY NOT NULL, expires_at ${t.instant} NOT NULL)`,
      'CREATE INDEX taken_logout_tokens_expiry ON taken_logout_tokens (expires_at)',
    ])
      await runner.query(text);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const text of [
      'DROP TABLE taken_logout_tokens',
      'DROP INDEX sessions_provider_session',
      'DROP INDEX sessions_subject',
      'ALTER TABLE sessions DROP COLUMN provider_session_hash',
      'ALTER TABLE sessions DROP COLUMN subject_hash',
    ])
      await runner.query(text);
  }
}
