import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The APIs that a consent is for: the same scope may mean different things at two of them. */
export class ConsentResources1764000000012 implements MigrationInterface {
  readonly name = 'ConsentResources1764000000012';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE consents ADD COLUMN resources ${ddl(runner).json} NOT NULL DEFAULT '[]'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    // The version before would take what was allowed at some APIs for allowed anywhere.
    await runner.query(`DELETE FROM consents WHERE resources <> '[]'`);
    await runner.query('ALTER TABLE consents DROP COLUMN resources');
  }
}
