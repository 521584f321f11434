import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Clients that a session's end is told to although their grants are gone. Filled by the purge of grants alone. */
export class SessionClients1764000000061 implements MigrationInterface {
  readonly name = 'SessionClients1764000000061';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(
      `CREATE TABLE session_clients (selector ${t.selector}, session_id ${t.id} NOT NULL, client_id ${t.id} NOT NULL)`,
    );
    await runner.query('CREATE UNIQUE INDEX session_clients_session ON session_clients (session_id, client_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE session_clients');
  }
}
