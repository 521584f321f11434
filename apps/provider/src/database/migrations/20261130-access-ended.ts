import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * When all access to an account ended for the last time: links to confirm an e-mail address that were mailed before are
 * invalid. With the previous version those that have not expired work again, for an hour by default.
 */
export class AccessEnded1795960000913 implements MigrationInterface {
  readonly name = 'AccessEnded1795960000913';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE users ADD COLUMN access_ended_at ${ddl(runner).instant}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE users DROP COLUMN access_ended_at');
  }
}
