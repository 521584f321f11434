import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which administrator made a password link or an initial access token: they end with that person's rights. */
export class Makers1795960000903 implements MigrationInterface {
  readonly name = 'Makers1795960000903';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    for (const table of ['one_time_links', 'initial_access_tokens'])
      await runner.query(`ALTER TABLE ${table} ADD COLUMN made_by ${t.id}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    // The version before would honor them after their maker lost the right to make them.
    await runner.query('DELETE FROM one_time_links WHERE made_by IS NOT NULL AND consumed_at IS NULL');
    await runner.query('UPDATE initial_access_tokens SET approves = FALSE WHERE made_by IS NOT NULL');
    for (const table of ['one_time_links', 'initial_access_tokens'])
      await runner.query(`ALTER TABLE ${table} DROP COLUMN made_by`);
  }
}
