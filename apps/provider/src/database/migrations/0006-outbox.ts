import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The durable queue of what must reach others: logouts, mail. */
export class Outbox1764000000006 implements MigrationInterface {
  readonly name = 'Outbox1764000000006';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    for (const text of [
      `CREATE TABLE outbox_messages (
        selector ${t.selector}, kind ${t.text} NOT NULL, destination ${t.text} NOT NULL,
        payload_sealed ${t.text} NOT NULL, created_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL,
        due_at ${t.instant}, attempts ${t.integer} NOT NULL, claimed_at ${t.instant}, failed_at ${t.instant},
        last_failure ${t.text})`,
      // What is due is found in order, and destinations that are full are passed over without reading their rows.
      `CREATE INDEX outbox_messages_due ON outbox_messages (due_at, selector, destination, kind)`,
      `CREATE INDEX outbox_messages_destination ON outbox_messages (destination, due_at)`,
      `CREATE INDEX outbox_messages_failed ON outbox_messages (failed_at)`,
    ])
      await runner.query(text);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE outbox_messages');
  }
}
