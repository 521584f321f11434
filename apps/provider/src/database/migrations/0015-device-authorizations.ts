import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Devices that wait for a person (RFC 8628). */
export class DeviceAuthorizations1764000000015 implements MigrationInterface {
  readonly name = 'DeviceAuthorizations1764000000015';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    for (const text of [
      `CREATE TABLE device_authorizations (
        selector ${t.selector}, verifier_hash ${t.bytes} NOT NULL, user_code_hash ${t.bytes} NOT NULL,
        client_id ${t.id} NOT NULL, scope ${t.text} NOT NULL, resources ${t.json},
        created_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL, interval_seconds ${t.integer} NOT NULL,
        last_polled_at ${t.instant}, decided_at ${t.instant}, grant_selector ${t.instant}, consumed_at ${t.instant})`,
      `CREATE UNIQUE INDEX device_authorizations_user_code ON device_authorizations (user_code_hash)`,
    ])
      await runner.query(text);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE device_authorizations');
  }
}
