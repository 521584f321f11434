import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { disableClients, revoke } from '../rollback.js';

/** APIs, and what of grants and access tokens is for them. */
export class Resources1764000000011 implements MigrationInterface {
  readonly name = 'Resources1764000000011';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    for (const text of [
      `CREATE TABLE resources (
        id ${t.id} PRIMARY KEY NOT NULL, identifier ${t.text} NOT NULL, name ${t.text} NOT NULL,
        scopes ${t.json} NOT NULL, token_format ${t.text} NOT NULL, signing_algorithm ${t.text} NOT NULL,
        access_token_lifetime ${t.integer}, access ${t.text} NOT NULL,
        client_id ${t.id} REFERENCES clients (id) ON DELETE SET NULL,
        created_at ${t.instant} NOT NULL, updated_at ${t.instant} NOT NULL)`,
      `CREATE UNIQUE INDEX resources_identifier ON resources (identifier)`,
      `ALTER TABLE clients ADD COLUMN acts_for_itself ${t.flag} NOT NULL DEFAULT FALSE`,
      `ALTER TABLE clients ADD COLUMN resource_server ${t.flag} NOT NULL DEFAULT FALSE`,
      // Clients without an owner were made by administrators, who may let them act for themselves.
      `UPDATE clients SET acts_for_itself = TRUE WHERE owner_id IS NULL`,
      `ALTER TABLE grants ADD COLUMN resources ${t.json}`,
      `ALTER TABLE access_tokens ADD COLUMN audience ${t.json}`,
    ])
      await runner.query(text);
  }

  async down(runner: QueryRunner): Promise<void> {
    // The version before knows no audience (RFC 8707): these would work at its own endpoints, and at every API.
    await revoke(runner, 'access_tokens', 'audience IS NOT NULL');
    await revoke(runner, 'grants', 'resources IS NOT NULL');
    // It lets every client without an owner that has the grant type act for itself.
    await disableClients(
      runner,
      `resource_server = TRUE OR
       (acts_for_itself = FALSE AND owner_id IS NULL AND grant_types LIKE '%"client_credentials"%')`,
    );
    for (const text of [
      'ALTER TABLE access_tokens DROP COLUMN audience',
      'ALTER TABLE grants DROP COLUMN resources',
      'ALTER TABLE clients DROP COLUMN resource_server',
      'ALTER TABLE clients DROP COLUMN acts_for_itself',
      'DROP TABLE resources',
    ])
      await runner.query(text);
  }
}
