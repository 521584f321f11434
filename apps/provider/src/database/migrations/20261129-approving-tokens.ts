import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Initial access tokens say whether the clients that register with them are approved. */
export class ApprovingTokens1795950000601 implements MigrationInterface {
  readonly name = 'ApprovingTokens1795950000601';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(`ALTER TABLE initial_access_tokens ADD COLUMN approves ${t.flag} NOT NULL DEFAULT FALSE`);
  }

  /** What was approved stays so; the tokens go on and approve nothing more. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE initial_access_tokens DROP COLUMN approves');
  }
}
