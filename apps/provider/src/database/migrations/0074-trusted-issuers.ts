import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Servers whose assertions get access tokens here (RFC 7523). */
export class TrustedIssuers1764000000074 implements MigrationInterface {
  readonly name = 'TrustedIssuers1764000000074';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(
      `CREATE TABLE trusted_issuers (id ${t.id} PRIMARY KEY NOT NULL, issuer ${t.text} NOT NULL, name ${t.text} NOT NULL,
       jwks_uri ${t.text}, jwks ${t.json}, subject ${t.text} NOT NULL, clients ${t.json} NOT NULL, scope ${t.json} NOT NULL,
       created_at ${t.instant} NOT NULL, updated_at ${t.instant} NOT NULL)`,
    );
    await runner.query('CREATE UNIQUE INDEX trusted_issuers_issuer ON trusted_issuers (issuer)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE trusted_issuers');
  }
}
