import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const tables = ['one_time_links', 'initial_access_tokens', 'invitations'];

/**
 * With which client's access token a link, an initial access token or an invitation was created: it ends with the rights of
 * that client. Of earlier ones this is unknown.
 */
export class MadeViaClient1795960000910 implements MigrationInterface {
  readonly name = 'MadeViaClient1795960000910';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    for (const table of tables) await runner.query(`ALTER TABLE ${table} ADD COLUMN made_via_client ${t.id}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    // The version before would honor them after the client lost the right to make them. An invitation with the default role
    // gives no rights, and remains.
    await runner.query('DELETE FROM one_time_links WHERE made_via_client IS NOT NULL AND consumed_at IS NULL');
    await runner.query(
      `DELETE FROM invitations WHERE made_via_client IS NOT NULL AND consumed_at IS NULL AND roles <> '["user"]'`,
    );
    await runner.query('UPDATE initial_access_tokens SET approves = FALSE WHERE made_via_client IS NOT NULL');
    for (const table of tables) await runner.query(`ALTER TABLE ${table} DROP COLUMN made_via_client`);
  }
}
