import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Requests that were refused, and what happened by the hour. */
export class Refusals1764000000073 implements MigrationInterface {
  readonly name = 'Refusals1764000000073';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(
      `CREATE TABLE activity_hours (hour ${t.integer} NOT NULL, kind ${t.text} NOT NULL, count ${t.instant} NOT NULL,
       PRIMARY KEY (hour, kind))`,
    );
    await runner.query(
      `CREATE TABLE refusals (selector ${t.selector}, request_id ${t.text} NOT NULL, at ${t.instant} NOT NULL,
       endpoint ${t.text} NOT NULL, reason ${t.text} NOT NULL, error ${t.text} NOT NULL, description ${t.text} NOT NULL,
       client_id ${t.text}, address ${t.text} NOT NULL, parameters ${t.text} NOT NULL)`,
    );
    await runner.query('CREATE INDEX refusals_request ON refusals (request_id)');
    await runner.query('CREATE INDEX refusals_client ON refusals (client_id, selector)');
    await runner.query('CREATE INDEX refusals_at ON refusals (at)');
    await runner.query(
      `CREATE TABLE refusal_counts (source ${t.text} NOT NULL, hour ${t.integer} NOT NULL, count ${t.instant} NOT NULL,
       PRIMARY KEY (source, hour))`,
    );
    await runner.query('CREATE INDEX refusal_counts_hour ON refusal_counts (hour)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE refusal_counts');
    await runner.query('DROP TABLE refusals');
    await runner.query('DROP TABLE activity_hours');
  }
}
