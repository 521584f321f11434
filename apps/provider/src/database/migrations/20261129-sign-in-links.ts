import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Password links that sign in. Links of before, and of processes of the version before, do not. */
export class SignInLinks1795950000740 implements MigrationInterface {
  readonly name = 'SignInLinks1795950000740';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(`ALTER TABLE one_time_links ADD COLUMN signs_in ${t.flag} NOT NULL DEFAULT FALSE`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE one_time_links DROP COLUMN signs_in');
  }
}
