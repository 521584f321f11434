import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What requests ask for by the `claims` parameter (OpenID Connect Core 5.5), what people allowed of it, and that a person
 * chose an account for a request (`prompt=select_account`).
 */
export class ClaimsParameter1764000000007 implements MigrationInterface {
  readonly name = 'ClaimsParameter1764000000007';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(`ALTER TABLE grants ADD COLUMN claims ${t.json}`);
    await runner.query(`ALTER TABLE consents ADD COLUMN claims ${t.json} NOT NULL DEFAULT '[]'`);
    await runner.query(`ALTER TABLE kept_requests ADD COLUMN selected_at ${t.instant}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE kept_requests DROP COLUMN selected_at');
    await runner.query('ALTER TABLE consents DROP COLUMN claims');
    await runner.query('ALTER TABLE grants DROP COLUMN claims');
  }
}
