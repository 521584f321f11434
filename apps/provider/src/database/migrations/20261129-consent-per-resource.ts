import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Consent is remembered per API. Existing rows stay as they are: which of their scopes was allowed at which of their APIs
 * is not known, so the scopes of a row that names APIs are no longer trusted (ADR 20).
 */
export class ConsentPerResource1795950000201 implements MigrationInterface {
  readonly name = 'ConsentPerResource1795950000201';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE consents ADD COLUMN resource_scopes ${ddl(runner).json} NOT NULL DEFAULT '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    // The version before would combine every scope of such a row with every API of it.
    await runner.query(`DELETE FROM consents WHERE resources <> '[]'`);
    await runner.query('ALTER TABLE consents DROP COLUMN resource_scopes');
  }
}
