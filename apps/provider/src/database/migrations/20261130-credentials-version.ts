import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Of which version a client's credentials are: what it gets by no grant of its own is stored only under the current one. */
export class CredentialsVersion1795960000902 implements MigrationInterface {
  readonly name = 'CredentialsVersion1795960000902';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(`ALTER TABLE clients ADD COLUMN credentials_version ${t.integer} NOT NULL DEFAULT 0`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE clients DROP COLUMN credentials_version');
  }
}
