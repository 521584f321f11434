import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What vouches for the audit log. */
export class AuditSeals1764000000070 implements MigrationInterface {
  readonly name = 'AuditSeals1764000000070';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(
      `CREATE TABLE audit_seals (number ${t.selector}, last_selector ${t.instant} NOT NULL, events ${t.integer} NOT NULL,
       hash ${t.text} NOT NULL, mac ${t.text} NOT NULL, sealed_at ${t.instant} NOT NULL, purged_at ${t.instant})`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE audit_seals');
  }
}
