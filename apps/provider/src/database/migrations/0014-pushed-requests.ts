import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { disableClients, hasMetadata } from '../rollback.js';

/** Pushed authorization requests (RFC 9126). */
export class PushedRequests1764000000014 implements MigrationInterface {
  readonly name = 'PushedRequests1764000000014';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(
      `CREATE TABLE pushed_requests (
        selector ${t.selector}, verifier_hash ${t.bytes} NOT NULL, client_id ${t.id} NOT NULL,
        content ${t.text} NOT NULL, created_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL,
        kept_selector ${t.instant})`,
    );
    await runner.query('CREATE INDEX pushed_requests_client ON pushed_requests (client_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    // RFC 9126 6: the version before would take their requests from the browser.
    await disableClients(runner, hasMetadata('requirePushedAuthorizationRequests', 'true'));
    await runner.query('DROP TABLE pushed_requests');
  }
}
