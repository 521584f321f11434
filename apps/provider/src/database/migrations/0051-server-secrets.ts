import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { disableClients, hasMetadata } from '../rollback.js';

/** Secrets that this server makes for itself once: the salt of pairwise subjects (OpenID Connect Core 8.1). */
export class ServerSecrets1764000000051 implements MigrationInterface {
  readonly name = 'ServerSecrets1764000000051';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(
      `CREATE TABLE server_secrets (
        name ${t.text} PRIMARY KEY NOT NULL, value_sealed ${t.text} NOT NULL, created_at ${t.instant} NOT NULL)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    // The version before would tell them the subject that all other clients know (OpenID Connect Core 8.1).
    await disableClients(runner, hasMetadata('subjectType', '"pairwise"'));
    await runner.query('DROP TABLE server_secrets');
  }
}
