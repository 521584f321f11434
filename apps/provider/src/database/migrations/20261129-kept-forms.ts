import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Forms that wait for a recent sign-in. */
export class KeptForms1795950000702 implements MigrationInterface {
  readonly name = 'KeptForms1795950000702';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(
      `CREATE TABLE kept_forms (
        id ${t.text} PRIMARY KEY NOT NULL, user_id ${t.id} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        form_sealed ${t.text} NOT NULL, expires_at ${t.instant} NOT NULL)`,
    );
    await runner.query('CREATE INDEX kept_forms_user_id ON kept_forms (user_id)');
    await runner.query('CREATE INDEX kept_forms_expires_at ON kept_forms (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE kept_forms');
  }
}
