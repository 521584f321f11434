import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The signature algorithm of each provider's ID tokens and logout tokens for this client. */
export class IdTokenAlgorithm1795950000302 implements MigrationInterface {
  readonly name = 'IdTokenAlgorithm1795950000302';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE providers ADD COLUMN id_token_signed_response_alg ${ddl(runner).text}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE providers DROP COLUMN id_token_signed_response_alg');
  }
}
