import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the API answered to creations with a key; and what a person did, found by the person. */
export class AdministrationApi1764000000072 implements MigrationInterface {
  readonly name = 'AdministrationApi1764000000072';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(
      `CREATE TABLE idempotent_answers (id ${t.text} PRIMARY KEY NOT NULL, fingerprint ${t.bytes} NOT NULL,
       status ${t.integer} NOT NULL, answer_sealed ${t.text} NOT NULL, expires_at ${t.instant} NOT NULL)`,
    );
    await runner.query('CREATE INDEX idempotent_answers_expiry ON idempotent_answers (expires_at)');
    await runner.query('CREATE INDEX audit_events_actor ON audit_events (actor_id, selector)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX audit_events_actor');
    await runner.query('DROP TABLE idempotent_answers');
  }
}
