import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whose a kept request is, and whether pages still offer to continue with it. */
export class OfferedRequests1795950000730 implements MigrationInterface {
  readonly name = 'OfferedRequests1795950000730';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(`ALTER TABLE kept_requests ADD COLUMN user_id ${t.id}`);
    await runner.query(`ALTER TABLE kept_requests ADD COLUMN dismissed_at ${t.instant}`);
  }

  /** Without the columns every request of a browser would be offered again, to whoever signs in there. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DELETE FROM kept_requests WHERE user_id IS NOT NULL OR dismissed_at IS NOT NULL');
    await runner.query('ALTER TABLE kept_requests DROP COLUMN dismissed_at');
    await runner.query('ALTER TABLE kept_requests DROP COLUMN user_id');
  }
}
