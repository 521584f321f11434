import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Links by which invited people make their accounts. */
export class Invitations1764000000071 implements MigrationInterface {
  readonly name = 'Invitations1764000000071';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(
      `CREATE TABLE invitations (selector ${t.selector}, verifier_hash ${t.bytes} NOT NULL, email ${t.text} NOT NULL,
       email_key ${t.text} NOT NULL, roles ${t.json} NOT NULL, invited_by ${t.id}, created_at ${t.instant} NOT NULL,
       expires_at ${t.instant} NOT NULL, consumed_at ${t.instant})`,
    );
    await runner.query('CREATE INDEX invitations_email ON invitations (email_key)');
    await runner.query('CREATE INDEX invitations_expiry ON invitations (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE invitations');
  }
}
