import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The standard claims of OpenID Connect Core 5.1 that have no column of their own: read and written whole. */
export class Profiles1764000000005 implements MigrationInterface {
  readonly name = 'Profiles1764000000005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE users ADD COLUMN profile ${ddl(runner).json}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE users DROP COLUMN profile');
  }
}
