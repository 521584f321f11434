import type { MigrationInterface, QueryRunner } from 'typeorm';

const columns = [
  ['one_time_links', 'made_by'],
  ['one_time_links', 'made_via_client'],
  ['invitations', 'invited_by'],
  ['invitations', 'made_via_client'],
  ['initial_access_tokens', 'made_by'],
  ['initial_access_tokens', 'made_via_client'],
] as const;

/** What ends with an account or a client is found without reading all links, invitations and tokens. */
export class CreatorIndexes1795960000914 implements MigrationInterface {
  readonly name = 'CreatorIndexes1795960000914';

  async up(runner: QueryRunner): Promise<void> {
    for (const [table, column] of columns)
      await runner.query(`CREATE INDEX ${table}_${column} ON ${table} (${column}) WHERE ${column} IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [table, column] of columns) await runner.query(`DROP INDEX ${table}_${column}`);
  }
}
