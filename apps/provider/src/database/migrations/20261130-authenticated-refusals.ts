import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Whether the client of a failed request had authenticated. Rows from before, and those of processes of the previous version,
 * count as unauthenticated.
 */
export class AuthenticatedRefusals1795960000920 implements MigrationInterface {
  readonly name = 'AuthenticatedRefusals1795960000920';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(`ALTER TABLE refusals ADD COLUMN client_authenticated ${t.flag} NOT NULL DEFAULT FALSE`);
    await runner.query('CREATE INDEX refusals_authenticated ON refusals (client_authenticated, selector)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX refusals_authenticated');
    await runner.query('ALTER TABLE refusals DROP COLUMN client_authenticated');
  }
}
