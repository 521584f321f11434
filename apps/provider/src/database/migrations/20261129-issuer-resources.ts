import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The APIs that tokens for an issuer's assertions may be for. */
export class IssuerResources1795950000401 implements MigrationInterface {
  readonly name = 'IssuerResources1795950000401';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(`ALTER TABLE trusted_issuers ADD COLUMN resources ${t.json}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    // Without the list their clients could choose any API that has a scope of that name.
    await runner.query('DELETE FROM trusted_issuers WHERE resources IS NOT NULL');
    await runner.query('ALTER TABLE trusted_issuers DROP COLUMN resources');
  }
}
