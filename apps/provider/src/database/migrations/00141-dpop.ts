import { ddl } from '@gatehouse/server/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const tables = ['authorization_codes', 'access_tokens', 'refresh_tokens'];

/** The key that a code or a token is bound to (RFC 9449). */
export class Dpop1764000000141 implements MigrationInterface {
  readonly name = 'Dpop1764000000141';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    for (const table of tables) await runner.query(`ALTER TABLE ${table} ADD COLUMN dpop_jkt ${t.text}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of tables) await runner.query(`ALTER TABLE ${table} DROP COLUMN dpop_jkt`);
  }
}
