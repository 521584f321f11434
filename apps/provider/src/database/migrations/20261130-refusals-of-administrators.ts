import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The administrator who was signed in to the browser that sent a failed request: unknown for rows from before. */
export class RefusalsOfAdministrators1795960000940 implements MigrationInterface {
  readonly name = 'RefusalsOfAdministrators1795960000940';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE refusals ADD COLUMN administrator_id ${ddl(runner).id}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE refusals DROP COLUMN administrator_id');
  }
}
