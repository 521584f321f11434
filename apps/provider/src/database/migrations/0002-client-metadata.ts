import { ddl } from '@gatehouse/server/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What clients say of themselves by OpenID Connect Registration and the logout specifications: read with the client, never searched. */
export class ClientMetadata1764000000002 implements MigrationInterface {
  readonly name = 'ClientMetadata1764000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE clients ADD COLUMN metadata ${ddl(runner).json} NOT NULL DEFAULT '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE clients DROP COLUMN metadata');
  }
}
