import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { revoke } from '../rollback.js';

/** For which trusted issuer's assertion a grant was created: it ends with the issuer and with the client's own tokens. */
export class GrantsOfIssuers1795960000911 implements MigrationInterface {
  readonly name = 'GrantsOfIssuers1795960000911';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(`ALTER TABLE grants ADD COLUMN trusted_issuer_id ${t.id}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    // With the version before they would outlive the issuer, and a change of the client's owner.
    await revoke(runner, 'grants', 'trusted_issuer_id IS NOT NULL');
    await runner.query('ALTER TABLE grants DROP COLUMN trusted_issuer_id');
  }
}

/**
 * Finds the grants of an issuer. A step of its own: adding the column locks `grants` against reads until the transaction
 * ends, and building the index reads the whole table.
 */
export class GrantsOfIssuersIndex1795960000912 implements MigrationInterface {
  readonly name = 'GrantsOfIssuersIndex1795960000912';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE INDEX grants_trusted_issuer ON grants (trusted_issuer_id) WHERE trusted_issuer_id IS NOT NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX grants_trusted_issuer');
  }
}
