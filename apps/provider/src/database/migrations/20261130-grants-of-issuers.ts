import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { revoke } from '../rollback.js';

/** For which trusted issuer's assertion a grant was created: it ends with the issuer and with the client's own tokens. */
export class GrantsOfIssuers1795960000911 implements MigrationInterface {
  readonly name = 'GrantsOfIssuers1795960000911';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(`ALTER TABLE grants ADD COLUMN trusted_issuer_id ${t.id}`);
    await runner.query(
      'CREATE INDEX grants_trusted_issuer ON grants (trusted_issuer_id) WHERE trusted_issuer_id IS NOT NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    // With the version before they would outlive the issuer, and a change of the client's owner.
    await revoke(runner, 'grants', 'trusted_issuer_id IS NOT NULL');
    await runner.query('DROP INDEX grants_trusted_issuer');
    await runner.query('ALTER TABLE grants DROP COLUMN trusted_issuer_id');
  }
}
