import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Settings that administrators change while the server runs. */
export class StoredSettings1795960000930 implements MigrationInterface {
  readonly name = 'StoredSettings1795960000930';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(
      `CREATE TABLE stored_settings (name ${t.text} PRIMARY KEY NOT NULL, value ${t.text} NOT NULL,
        updated_at ${t.instant} NOT NULL)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE stored_settings');
  }
}
