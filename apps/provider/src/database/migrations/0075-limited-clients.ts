import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { disableClients } from '../rollback.js';

/** Clients that may log people in and nothing more. */
export class LimitedClients1764000000075 implements MigrationInterface {
  readonly name = 'LimitedClients1764000000075';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(`ALTER TABLE clients ADD COLUMN limited_at ${t.instant}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    // The version before knows no limit: they would have all their scopes again.
    await disableClients(runner, 'limited_at IS NOT NULL');
    await runner.query('ALTER TABLE clients DROP COLUMN limited_at');
  }
}
