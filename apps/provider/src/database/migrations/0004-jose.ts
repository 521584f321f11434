import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Client secrets that must be known themselves (HMAC, encryption by secret), and ids that may be used once. */
export class Jose1764000000004 implements MigrationInterface {
  readonly name = 'Jose1764000000004';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(`ALTER TABLE client_secrets ADD COLUMN secret_sealed ${t.text}`);
    await runner.query(
      `CREATE TABLE spent_ids (id_hash ${t.text} PRIMARY KEY NOT NULL, expires_at ${t.instant} NOT NULL)`,
    );
    await runner.query('CREATE INDEX spent_ids_expires ON spent_ids (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE spent_ids');
    await runner.query('ALTER TABLE client_secrets DROP COLUMN secret_sealed');
  }
}
