import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The outbox reads what is due for each kind by itself: rows of one kind never stand between a query and another kind's. */
export class OutboxKinds1795950000301 implements MigrationInterface {
  readonly name = 'OutboxKinds1795950000301';

  async up(runner: QueryRunner): Promise<void> {
    // The index by due_at alone stays for processes of the version before.
    await runner.query(
      'CREATE INDEX outbox_messages_kind_due ON outbox_messages (kind, due_at, selector, destination)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    // The version before knows the kind by another name, and would never deliver or purge these.
    await runner.query(
      "UPDATE outbox_messages SET kind = 'backchannel-logout' WHERE kind = 'backchannel-logout-unapproved'",
    );
    await runner.query('DROP INDEX outbox_messages_kind_due');
  }
}
