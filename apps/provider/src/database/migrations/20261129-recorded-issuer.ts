import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The issuer that a database belongs to. Which one an older database was made with is worked out by the next start. */
export class RecordedIssuer1795950000741 implements MigrationInterface {
  readonly name = 'RecordedIssuer1795950000741';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(
      `CREATE TABLE recorded_issuers (id ${t.integer} PRIMARY KEY NOT NULL, issuer ${t.text},
        recorded_at ${t.instant} NOT NULL)`,
    );
    await runner.query('INSERT INTO recorded_issuers (id, recorded_at) SELECT 1, 0 WHERE EXISTS (SELECT 1 FROM users)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE recorded_issuers');
  }
}
