import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { disableClients, hasMetadata } from '../rollback.js';

const tables = ['authorization_codes', 'access_tokens', 'refresh_tokens'];
/** Where requests wait whose codes will be bound to a key. */
const requests = [
  ['pushed_requests', 'content'],
  ['kept_requests', 'parameters'],
] as const;

/** The key that a code or a token is bound to (RFC 9449). */
export class Dpop1764000000141 implements MigrationInterface {
  readonly name = 'Dpop1764000000141';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    for (const table of tables) await runner.query(`ALTER TABLE ${table} ADD COLUMN dpop_jkt ${t.text}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    // RFC 9449: the version before would take each of these from anyone who has it, as a bearer token.
    for (const table of tables) await runner.query(`DELETE FROM ${table} WHERE dpop_jkt IS NOT NULL`);
    for (const [table, column] of requests)
      if (await runner.hasTable(table)) await runner.query(`DELETE FROM ${table} WHERE ${column} LIKE '%"dpopJkt":%'`);
    await disableClients(
      runner,
      `${hasMetadata('dpopBoundAccessTokens', 'true')} OR ${hasMetadata('securityProfile', '"fapi')}`,
    );
    for (const table of tables) await runner.query(`ALTER TABLE ${table} DROP COLUMN dpop_jkt`);
  }
}
