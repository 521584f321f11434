import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The roles that people have in one application, which its tokens tell it. */
export class ApplicationRoles1764000000076 implements MigrationInterface {
  readonly name = 'ApplicationRoles1764000000076';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(
      `CREATE TABLE application_roles (client_id ${t.text} NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
       user_id ${t.id} NOT NULL REFERENCES users (id) ON DELETE CASCADE, role ${t.text} NOT NULL,
       PRIMARY KEY (client_id, user_id, role))`,
    );
    await runner.query('CREATE INDEX application_roles_user ON application_roles (user_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE application_roles');
  }
}
