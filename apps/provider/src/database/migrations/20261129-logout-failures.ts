import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Back-channel logouts that do not reach a client. */
export class LogoutFailures1795950000710 implements MigrationInterface {
  readonly name = 'LogoutFailures1795950000710';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(
      `CREATE TABLE logout_failures (
        client_id ${t.text} PRIMARY KEY NOT NULL REFERENCES clients (id) ON DELETE CASCADE, uri ${t.text} NOT NULL,
        reason ${t.text} NOT NULL, retried ${t.integer} NOT NULL, failures ${t.integer} NOT NULL,
        first_failed_at ${t.instant} NOT NULL, last_failed_at ${t.instant} NOT NULL)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE logout_failures');
  }
}
